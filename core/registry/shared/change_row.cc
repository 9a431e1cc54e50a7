#include "core/registry/shared/change_row.h"

#include <fmt/core.h>

#include <memory>
#include <optional>
#include <utility>
#include <variant>

#include "core/model/json_writer.h"
#include "core/registry/shared/row_json.h"
#include "core/registry/shared/row_reader.h"

namespace convoke::shared_registry {
namespace {

std::int64_t stored(FunctionId id) { return static_cast<std::int64_t>(id.value); }
FunctionId id_in(RowReader& row) { return FunctionId{row.number<std::uint64_t>("functionId")}; }

ChangeRow written(const ServicePut& put) { return {"service", row_of(*put.service)}; }
ChangeRow written(const FunctionPut& put) { return {"function", row_of(*put.function)}; }
ChangeRow written(const LimitPut& put) { return {"limit", row_of(*put.limit)}; }
ChangeRow written(const AsyncConfigPut& put) { return {"async-config", row_of(*put.config)}; }

ChangeRow written(const TriggerPut& put) { return {"trigger", row_of(*put.trigger)}; }
ChangeRow written(const SwitchPut& put) { return {"kill-switch", row_of(*put.kill_switch)}; }
ChangeRow written(const DomainPut& put) { return {"custom-domain", row_of(*put.domain)}; }

ChangeRow written(const ServiceGone& gone) {
  JsonWriter row;
  return {"service-gone", row.object().member("name", gone.name).end().take()};
}
ChangeRow written(const FunctionGone& gone) {
  JsonWriter row;
  row.object().member("functionId", stored(gone.id));
  row.member("service", gone.service).member("name", gone.name);
  return {"function-gone", row.end().take()};
}
ChangeRow written(const LimitGone& gone) {
  JsonWriter row;
  row.object().member("functionId", stored(gone.function_id)).member("resource", gone.resource);
  return {"limit-gone", row.end().take()};
}
ChangeRow written(const AsyncConfigGone& gone) {
  JsonWriter row;
  row.object().member("functionId", stored(gone.function_id)).member("qualifier", gone.qualifier);
  return {"async-config-gone", row.end().take()};
}
ChangeRow written(const TriggerGone& gone) {
  JsonWriter row;
  row.object().member("functionId", stored(gone.function_id)).member("name", gone.name);
  return {"trigger-gone", row.end().take()};
}

ChangeRow written(const TreeStopped& stopped) { return {"stopped-tree", row_of(*stopped.tree)}; }
ChangeRow written(const TreeForgotten& forgotten) {
  JsonWriter row;
  row.object().member("root", forgotten.root.text());
  return {"stopped-tree-gone", row.end().take()};
}

ChangeRow written(const SwitchGone& gone) {
  JsonWriter row;
  row.object().member("service", gone.scope.service).member("function", gone.scope.function);
  return {"kill-switch-gone", row.member("functionId", stored(gone.function_id)).end().take()};
}
ChangeRow written(const DomainGone& gone) {
  JsonWriter row;
  return {"custom-domain-gone", row.object().member("name", gone.name).end().take()};
}

template <class Put, class Value>
Result<Change> put_of(std::uint64_t version, Result<Value> value) {
  if (!value) return value.error();
  return Change{version, Put{std::make_shared<const Value>(*std::move(value))}};
}

template <class Gone>
Result<Change> gone_of(std::uint64_t version, const RowReader& row, Gone gone) {
  if (Result<void> verdict = row.verdict(); !verdict) return verdict.error();
  return Change{version, std::move(gone)};
}

Result<Change> gone_from(std::uint64_t version, std::string_view kind, std::string_view text) {
  RowReader row(kind, text);
  if (kind == "service-gone") return gone_of(version, row, ServiceGone{row.text("name")});
  if (kind == "function-gone") {
    FunctionGone gone{id_in(row), row.text("service"), row.text("name")};
    return gone_of(version, row, std::move(gone));
  }
  if (kind == "limit-gone") {
    LimitGone gone{row.text("resource"), id_in(row)};
    return gone_of(version, row, std::move(gone));
  }
  if (kind == "async-config-gone") {
    AsyncConfigGone gone{id_in(row), row.text("qualifier")};
    return gone_of(version, row, std::move(gone));
  }
  if (kind == "trigger-gone") {
    TriggerGone gone{id_in(row), row.text("name")};
    return gone_of(version, row, std::move(gone));
  }
  if (kind == "kill-switch-gone") {
    SwitchGone gone{{row.text("service"), row.text("function")}, id_in(row)};
    return gone_of(version, row, std::move(gone));
  }
  if (kind == "stopped-tree-gone") {
    const std::optional<CallId> root = CallId::parse(row.text("root"));
    if (!root) row.wrong("root", "is no call's id");
    return gone_of(version, row, TreeForgotten{root.value_or(CallId{})});
  }
  if (kind == "custom-domain-gone") return gone_of(version, row, DomainGone{row.text("name")});
  return Error{ErrorCode::kInternalServerError,
               fmt::format("change {} of the registry is of a kind that this program does not "
                           "know: it was made by a newer one",
                           version)};
}

bool fits(const Directory&, const ServicePut&) { return true; }
bool fits(const Directory& directory, const ServiceGone& gone) {
  return !directory.has_functions(gone.name);
}
bool fits(const Directory& directory, const FunctionPut& put) {
  const FunctionSpec& spec = put.function->spec;
  const FunctionPtr named = directory.find_function(spec.service, spec.name);
  const FunctionPtr same = directory.find_function(put.function->id);
  return directory.find_service(spec.service) != nullptr && named == same;
}
bool fits(const Directory& directory, const FunctionGone& gone) {
  const FunctionPtr found = directory.find_function(gone.id);
  return found == nullptr || (found->spec.service == gone.service && found->spec.name == gone.name);
}
bool fits(const Directory& directory, const LimitPut& put) {
  return directory.find_function(put.limit->function_id) != nullptr;
}
bool fits(const Directory&, const LimitGone&) { return true; }
bool fits(const Directory& directory, const AsyncConfigPut& put) {
  return directory.find_function(put.config->function_id) != nullptr;
}
bool fits(const Directory&, const AsyncConfigGone&) { return true; }
bool fits(const Directory& directory, const TriggerPut& put) {
  return directory.find_function(put.trigger->function_id) != nullptr;
}
bool fits(const Directory&, const TriggerGone&) { return true; }
bool fits(const Directory& directory, const SwitchPut& put) {
  const KillSwitch& one = *put.kill_switch;
  return one.scope.function.empty() || directory.find_function(one.function_id) != nullptr;
}
bool fits(const Directory&, const SwitchGone&) { return true; }
bool fits(const Directory&, const TreeStopped&) { return true; }
bool fits(const Directory&, const TreeForgotten&) { return true; }
bool fits(const Directory&, const DomainPut&) { return true; }
bool fits(const Directory&, const DomainGone&) { return true; }

}  // namespace

ChangeRow row_of(const Change& change) {
  return std::visit([](const auto& what) { return written(what); }, change.what);
}

Result<Change> change_from(std::uint64_t version, std::string_view kind, std::string_view row,
                           const std::string& code_directory) {
  if (kind == "service") return put_of<ServicePut>(version, service_from(row));
  if (kind == "function") return put_of<FunctionPut>(version, function_from(row, code_directory));
  if (kind == "limit") return put_of<LimitPut>(version, limit_from(row));
  if (kind == "async-config") return put_of<AsyncConfigPut>(version, async_config_from(row));
  if (kind == "trigger") return put_of<TriggerPut>(version, trigger_from(row));
  if (kind == "kill-switch") return put_of<SwitchPut>(version, switch_from(row));
  if (kind == "stopped-tree") return put_of<TreeStopped>(version, stopped_tree_from(row));
  if (kind == "custom-domain") return put_of<DomainPut>(version, domain_from(row));
  return gone_from(version, kind, row);
}

bool fits(const Directory& directory, const Change& change) {
  return std::visit([&](const auto& what) { return fits(directory, what); }, change.what);
}

}  // namespace convoke::shared_registry
