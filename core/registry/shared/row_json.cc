#include "core/registry/shared/row_json.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "core/model/json_writer.h"
#include "core/registry/rules.h"
#include "core/registry/shared/row_reader.h"

namespace convoke::shared_registry {
namespace {

std::int64_t stored(std::uint64_t number) { return static_cast<std::int64_t>(number); }

JsonWriter& members(JsonWriter& writer, const JsonMembers& extra) {
  writer.key("extra").object();
  for (const auto& [name, json] : extra) writer.key(name).json(json);
  return writer.end();
}

JsonMembers members(RowReader& row) {
  JsonMembers extra;
  row.jsons("extra", [&](std::string_view name, std::string_view json) {
    extra.emplace(std::string(name), std::string(json));
  });
  return extra;
}

WallTime time_in(RowReader& row, std::string_view member) {
  return wall_from_ms(row.number<std::int64_t>(member));
}

CallId call_in(RowReader& row, std::string_view member) {
  const std::optional<CallId> id = CallId::parse(row.text(member));
  if (!id) row.wrong(member, "is no call's id");
  return id.value_or(CallId{});
}

// A name becomes part of a path.
bool is_code_name(std::string_view name) {
  return !name.empty() && name.size() <= 128 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

CodePackage code_in(RowReader& row, const std::string& code_directory) {
  CodePackage code;
  const std::string name = row.text("code");
  if (name.empty()) return code;
  if (!is_code_name(name)) row.wrong("code", "is no name that we give");
  code.directory = code_directory + '/' + name;
  code.checksum = row.text("codeChecksum");
  code.size = row.number<std::uint64_t>("codeSize");
  return code;
}

FunctionSpec spec_in(RowReader& row) {
  FunctionSpec spec;
  spec.service = row.text("service");
  spec.name = row.text("name");
  spec.description = row.text("description");
  spec.runtime_name = row.text("runtime");
  const std::optional<Runtime> runtime = parse_runtime(spec.runtime_name);
  if (!runtime) row.wrong("runtime", "is none that this program knows");
  spec.runtime = runtime.value_or(Runtime::kCustom);
  spec.handler = row.text("handler");
  spec.initializer = row.text("initializer");
  spec.initialization_timeout = Seconds{row.number<std::int64_t>("initializationTimeout")};
  spec.timeout = Seconds{row.number<std::int64_t>("timeout")};
  spec.memory_mb = row.number<std::uint32_t>("memorySize");
  spec.instance_concurrency = row.number<std::uint32_t>("instanceConcurrency");
  spec.ca_port = row.number<std::uint16_t>("caPort");
  row.texts("environment", [&](std::string_view name, std::string_view value) {
    spec.environment.emplace_back(name, value);
  });
  return spec;
}

std::optional<Destination> destination_in(RowReader& row, std::string_view member) {
  if (!row.has(member)) return std::nullopt;
  Result<Destination> parsed = parse_destination(member, row.text(member));
  if (parsed) return *std::move(parsed);
  row.wrong(member, "is no destination");
  return std::nullopt;
}

template <class Value>
Result<Value> judged(const RowReader& row, Value value) {
  if (Result<void> verdict = row.verdict(); !verdict) return verdict.error();
  return value;
}

}  // namespace

std::string_view code_name(const CodePackage& code) {
  const std::string_view directory = code.directory;
  return directory.substr(directory.rfind('/') + 1);  // "" of ""
}

std::string row_of(const Service& service) {
  JsonWriter row;
  row.object()
      .member("id", stored(service.id))
      .member("name", service.name)
      .member("description", service.description)
      .member("role", service.role)
      .key("internetAccess")
      .boolean(service.internet_access)
      .member("created", to_ms(service.created))
      .member("modified", to_ms(service.modified))
      .member("etag", service.etag);
  return members(row, service.extra).end().take();
}

Result<Service> service_from(std::string_view text) {
  RowReader row("service", text);
  Service service;
  service.id = row.number<std::uint64_t>("id");
  service.name = row.text("name");
  service.description = row.text("description");
  service.role = row.text("role");
  service.internet_access = row.flag("internetAccess");
  service.created = time_in(row, "created");
  service.modified = time_in(row, "modified");
  service.etag = row.text("etag");
  service.extra = members(row);
  return judged(row, std::move(service));
}

std::string row_of(const Function& function) {
  const FunctionSpec& spec = function.spec;
  JsonWriter row;
  row.object()
      .member("id", stored(function.id.value))
      .member("service", spec.service)
      .member("name", spec.name)
      .member("revision", stored(function.revision))
      .member("description", spec.description)
      .member("runtime", spec.runtime_name)
      .member("handler", spec.handler)
      .member("initializer", spec.initializer)
      .member("initializationTimeout", std::int64_t{spec.initialization_timeout.count()})
      .member("timeout", std::int64_t{spec.timeout.count()})
      .member("memorySize", std::int64_t{spec.memory_mb})
      .member("instanceConcurrency", std::int64_t{spec.instance_concurrency})
      .member("caPort", std::int64_t{spec.ca_port})
      .member("code", code_name(function.code))
      .member("codeChecksum", function.code.checksum)
      .member("codeSize", stored(function.code.size))
      .member("created", to_ms(function.created))
      .member("modified", to_ms(function.modified))
      .member("etag", function.etag)
      .key("environment")
      .object();
  for (const auto& [name, value] : spec.environment) row.member(name, value);
  return members(row.end(), function.extra).end().take();
}

Result<Function> function_from(std::string_view text, const std::string& code_directory) {
  RowReader row("function", text);
  Function function;
  function.id = FunctionId{row.number<std::uint64_t>("id")};
  function.spec = spec_in(row);
  function.revision = row.number<std::uint64_t>("revision");
  function.code = code_in(row, code_directory);
  function.created = time_in(row, "created");
  function.modified = time_in(row, "modified");
  function.etag = row.text("etag");
  function.extra = members(row);
  return judged(row, std::move(function));
}

std::string row_of(const OnDemandLimit& limit) {
  JsonWriter row;
  return row.object()
      .member("service", limit.service)
      .member("qualifier", limit.qualifier)
      .member("function", limit.function)
      .member("functionId", stored(limit.function_id.value))
      .member("maximumInstanceCount", std::int64_t{limit.maximum_instance_count})
      .end()
      .take();
}

Result<OnDemandLimit> limit_from(std::string_view text) {
  RowReader row("limit", text);
  OnDemandLimit limit;
  limit.service = row.text("service");
  limit.qualifier = row.text("qualifier");
  limit.function = row.text("function");
  limit.function_id = FunctionId{row.number<std::uint64_t>("functionId")};
  limit.maximum_instance_count = row.number<std::uint32_t>("maximumInstanceCount");
  limit.resource = limit_resource(limit.service, limit.qualifier, limit.function);
  return judged(row, std::move(limit));
}

std::string row_of(const AsyncConfig& config) {
  JsonWriter row;
  row.object()
      .member("service", config.service)
      .member("qualifier", config.qualifier)
      .member("function", config.function)
      .member("functionId", stored(config.function_id.value))
      .member("created", to_ms(config.created))
      .member("modified", to_ms(config.modified));
  if (config.on_success) row.member("onSuccess", config.on_success->text);
  if (config.on_failure) row.member("onFailure", config.on_failure->text);
  if (config.age_max) row.member("ageMax", std::int64_t{config.age_max->count()});
  if (config.retries_max) row.member("retriesMax", std::int64_t{*config.retries_max});
  if (config.stateful) row.key("stateful").boolean(*config.stateful);
  if (config.allow_loop) row.key("allowLoop").boolean(true);
  return row.end().take();
}

Result<AsyncConfig> async_config_from(std::string_view text) {
  RowReader row("async config", text);
  AsyncConfig config;
  config.service = row.text("service");
  config.qualifier = row.text("qualifier");
  config.function = row.text("function");
  config.function_id = FunctionId{row.number<std::uint64_t>("functionId")};
  config.created = time_in(row, "created");
  config.modified = time_in(row, "modified");
  config.on_success = destination_in(row, "onSuccess");
  config.on_failure = destination_in(row, "onFailure");
  if (row.has("ageMax")) config.age_max = Seconds{row.number<std::int64_t>("ageMax")};
  if (row.has("retriesMax")) config.retries_max = row.number<std::uint32_t>("retriesMax");
  if (row.has("stateful")) config.stateful = row.flag("stateful");
  config.allow_loop = row.has("allowLoop") && row.flag("allowLoop");
  return judged(row, std::move(config));
}

std::string row_of(const KillSwitch& kill_switch) {
  JsonWriter row;
  row.object()
      .member("service", kill_switch.scope.service)
      .member("function", kill_switch.scope.function)
      .member("functionId", stored(kill_switch.function_id.value))
      .member("version", stored(kill_switch.version));
  row.key("disabled").boolean(kill_switch.disabled);
  row.key("aborts").boolean(kill_switch.aborts);
  row.key("refusesAsync").boolean(kill_switch.refuses_async);
  row.member("reason", kill_switch.reason).member("by", kill_switch.by);
  row.member("since", to_ms(kill_switch.since));
  if (kill_switch.until) row.member("until", to_ms(*kill_switch.until));
  return row.end().take();
}

Result<KillSwitch> switch_from(std::string_view text) {
  RowReader row("kill switch", text);
  KillSwitch one;
  one.scope = {row.text("service"), row.text("function")};
  one.function_id = FunctionId{row.number<std::uint64_t>("functionId")};
  one.version = row.number<std::uint64_t>("version");
  one.disabled = row.flag("disabled");
  one.aborts = row.flag("aborts");
  one.refuses_async = row.flag("refusesAsync");
  one.reason = row.text("reason");
  one.by = row.text("by");
  one.since = time_in(row, "since");
  if (row.has("until")) one.until = time_in(row, "until");
  return judged(row, std::move(one));
}

std::string row_of(const StoppedTree& tree) {
  JsonWriter row;
  return row.object()
      .member("root", tree.root.text())
      .member("version", stored(tree.version))
      .member("reason", tree.reason)
      .member("by", tree.by)
      .member("since", to_ms(tree.since))
      .end()
      .take();
}

Result<StoppedTree> stopped_tree_from(std::string_view text) {
  RowReader row("stopped tree", text);
  StoppedTree tree;
  tree.root = call_in(row, "root");
  tree.version = row.number<std::uint64_t>("version");
  tree.reason = row.text("reason");
  tree.by = row.text("by");
  tree.since = time_in(row, "since");
  return judged(row, std::move(tree));
}

}  // namespace convoke::shared_registry
