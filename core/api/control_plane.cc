#include "core/api/control_plane.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>

#include "core/api/answers.h"
#include "core/api/async_config.h"
#include "core/api/domains.h"
#include "core/api/functions.h"
#include "core/api/invocation_switch.h"
#include "core/api/on_demand.h"
#include "core/api/services.h"
#include "core/api/tree_stop.h"
#include "core/api/triggers.h"
#include "core/api/without_services.h"
#include "core/registry/resolve.h"

namespace convoke {
namespace {

using Answer = Result<http::Response>;

http::Response show(const Service& service) {
  JsonWriter writer;
  write_service(service, writer);
  return json_answer(writer.take(), service.etag);
}

http::Response show(const Directory& directory, const Function& function) {
  JsonWriter writer;
  write_function(function, restriction_over(directory, function.spec), writer);
  return json_answer(writer.take(), function.etag);
}

http::Response show(const OnDemandLimit& limit) {
  JsonWriter writer;
  write_limit(limit, writer);
  return json_answer(writer.take());
}

http::Response show(const AsyncConfig& config) {
  JsonWriter writer;
  write_async_config(config, writer);
  return json_answer(writer.take());
}

http::Response show(const Trigger& trigger) {
  JsonWriter writer;
  write_trigger(trigger, writer);
  return json_answer(writer.take(), trigger.etag);
}

// The answer to a mutation is what it made, or 204.
struct ShowChange {
  Operation operation;
  const Directory& directory;
  std::uint32_t calls_ended;
  std::string account_id;

  http::Response operator()(const ServicePut& put) const { return show(*put.service); }
  http::Response operator()(const FunctionPut& put) const { return show(directory, *put.function); }
  http::Response operator()(const LimitPut& put) const {
    return operation == Operation::kPutConcurrency2023 ? concurrency_answer(directory, *put.limit)
                                                       : show(*put.limit);
  }
  http::Response operator()(const AsyncConfigPut& put) const { return show(*put.config); }
  http::Response operator()(const TriggerPut& put) const { return show(*put.trigger); }
  http::Response operator()(const TreeStopped& stopped) const {
    return stopped_answer(*stopped.tree, calls_ended);
  }
  http::Response operator()(const DomainPut& put) const {
    return domain_answer(*put.domain, {account_id, row_of(operation)});
  }
  http::Response operator()(const SwitchPut& /*has an answer of its own*/) const {
    return no_content();
  }
  template <class Gone>
  http::Response operator()(const Gone& /*nothing is left to show*/) const {
    return no_content();
  }
};

// The scope of a switch that was changed.
std::optional<SwitchScope> switched(const Change& change) {
  if (const auto* put = std::get_if<SwitchPut>(&change.what)) return put->kill_switch->scope;
  if (const auto* gone = std::get_if<SwitchGone>(&change.what)) return gone->scope;
  return std::nullopt;
}

// Services have no tags: asked for one, none matches.
bool asks_for_tags(const Query& query) {
  return std::any_of(query.begin(), query.end(),
                     [](const auto& pair) { return pair.first.starts_with("tag_"); });
}

Answer list_services(const Directory& directory, const Query& query) {
  const Result<ListQuery> list = list_query_of(query);
  if (!list) return list.error();
  const auto page = asks_for_tags(query) ? Page<ServicePtr>{} : directory.list_services(*list);
  return list_answer("services", page, write_service);
}

Answer list_functions(const Directory& directory, const Route& route, const Query& query) {
  const Result<ServicePtr> service = resolve_service(directory, route.service, route.qualifier);
  if (!service) return service.error();
  const Result<ListQuery> list = list_query_of(query);
  if (!list) return list.error();
  return list_answer("functions", directory.list_functions(route.service, *list),
                     [&](const Function& function, JsonWriter& writer) {
                       write_function(function, restriction_over(directory, function.spec), writer);
                     });
}

Answer list_limits(const Directory& directory, const Query& query) {
  const Result<ListQuery> list = list_query_of(query);
  if (!list) return list.error();
  return list_answer("configs", directory.list_limits(*list), write_limit);
}

Answer get_service(const Directory& directory, const Route& route) {
  const Result<ServicePtr> service = resolve_service(directory, route.service, route.qualifier);
  if (!service) return service.error();
  return show(**service);
}

Result<FunctionPtr> function_at(const Directory& directory, const Route& route) {
  return resolve_function(directory, route.service, route.qualifier, route.function);
}

Answer get_function(const Directory& directory, const Route& route) {
  const Result<FunctionPtr> function = function_at(directory, route);
  if (!function) return function.error();
  return show(directory, **function);
}

Answer get_function_without_service(const Directory& directory, const Route& route,
                                    const http::Request& request) {
  const Result<FunctionPtr> function = function_without_service(directory, route, request);
  if (!function) return function.error();
  JsonWriter writer;
  write_function_without_service(directory, **function, writer);
  return json_answer(writer.take(), (*function)->etag);
}

Answer get_concurrency(const Directory& directory, const Route& route) {
  const Result<LimitPtr> limit = find_limit(directory, route);
  if (!limit) return limit.error();
  return concurrency_answer(directory, **limit);
}

Result<FunctionPtr> function_with_code(const Directory& directory, const Route& route) {
  Result<FunctionPtr> function = function_at(directory, route);
  if (function && (*function)->code.directory.empty())
    return Error{ErrorCode::kInvalidArgument,
                 "this function has no code package: it is part of the program that runs this "
                 "engine"};
  return function;
}

// A host that names its port ends in digits after a colon, which stands outside any brackets.
std::string host_with_port(std::string_view host, std::uint16_t port) {
  const std::size_t colon = host.rfind(':');
  const bool named = colon != std::string_view::npos && colon + 1 < host.size() &&
                     host.find(']', colon) == std::string_view::npos;
  return named ? std::string(host) : fmt::format("{}:{}", host, port);
}

Answer get_function_code(const ControlHost& host, const Route& route,
                         const http::Request& request) {
  const Result<FunctionPtr> function = function_with_code(host.directory(), route);
  if (!function) return function.error();
  const std::string where = host_with_port(request.head.headers.get("Host"), host.port());
  return json_answer(
      code_location(**function, "http://" + where + host.link_to(code_path(**function))));
}

Answer get_limit(const Directory& directory, const Route& route) {
  const Result<LimitPtr> limit = find_limit(directory, route);
  if (!limit) return limit.error();
  return show(**limit);
}

Answer get_async_config(const Directory& directory, const Route& route) {
  const Result<AsyncConfigPtr> config =
      resolve_async_config(directory, route.service, route.qualifier, route.function);
  if (!config) return config.error();
  return show(**config);
}

// Of all qualifiers, whichever the path names.
Answer list_async_configs(const Directory& directory, const Route& route, const Query& query) {
  const Result<FunctionPtr> function =
      resolve_function(directory, route.service, {}, route.function);
  if (!function) return function.error();
  const Result<ListQuery> list = list_query_of(query);
  if (!list) return list.error();
  return list_async_configs_answer(directory.list_async_configs((*function)->id, *list));
}

Answer get_trigger(const Directory& directory, const Route& route) {
  const Result<TriggerPtr> trigger =
      resolve_trigger(directory, route.service, route.function, route.trigger);
  if (!trigger) return trigger.error();
  return show(**trigger);
}

Answer list_triggers(const Directory& directory, const Route& route, const Query& query) {
  const Result<FunctionPtr> function =
      resolve_function(directory, route.service, {}, route.function);
  if (!function) return function.error();
  const Result<ListQuery> list = list_query_of(query);
  if (!list) return list.error();
  return list_answer("triggers", directory.list_triggers((*function)->id, *list), write_trigger);
}

Answer get_domain(const Directory& directory, const Route& route, const DomainView& view) {
  const Result<DomainPtr> domain = resolve_domain(directory, route.domain);
  if (!domain) return domain.error();
  return domain_answer(**domain, view);
}

Answer list_domains(const Directory& directory, const Query& query, const DomainView& view) {
  const Result<ListQuery> list = list_query_of(query);
  if (!list) return list.error();
  return list_domains_answer(directory.list_domains(*list), view);
}

bool disables(Operation operation) {
  return operation == Operation::kDisableFunction || operation == Operation::kDisableService ||
         operation == Operation::kDisableEverything || operation == Operation::kDisableFunction2023;
}

bool enables(Operation operation) {
  return operation == Operation::kEnableFunction || operation == Operation::kEnableService ||
         operation == Operation::kEnableEverything || operation == Operation::kEnableFunction2023;
}

bool is_mutation(Operation operation) {
  switch (operation) {
    case Operation::kCreateService:
    case Operation::kUpdateService:
    case Operation::kDeleteService:
    case Operation::kCreateFunction:
    case Operation::kUpdateFunction:
    case Operation::kDeleteFunction:
    case Operation::kPutOnDemandConfig:
    case Operation::kDeleteOnDemandConfig:
    case Operation::kPutAsyncConfig:
    case Operation::kDeleteAsyncConfig:
    case Operation::kCreateTrigger:
    case Operation::kUpdateTrigger:
    case Operation::kDeleteTrigger:
    case Operation::kPutConcurrency2023:
    case Operation::kDeleteConcurrency2023:
    case Operation::kStopTree:
    case Operation::kCreateDomain:
    case Operation::kUpdateDomain:
    case Operation::kDeleteDomain:
    case Operation::kCreateDomain2023:
    case Operation::kUpdateDomain2023:
    case Operation::kDeleteDomain2023:
      return true;
    default:
      return disables(operation) || enables(operation);
  }
}

Result<Mutation> read_mutation(const ControlHost& host, const Route& route, http::Request request) {
  const Directory& directory = host.directory();
  if (disables(route.operation())) return read_disable(route, std::move(request));
  if (enables(route.operation())) return read_enable(route, std::move(request));
  switch (route.operation()) {
    case Operation::kCreateService:
      return read_create_service(std::move(request));
    case Operation::kUpdateService:
      return read_update_service(route, std::move(request));
    case Operation::kDeleteService:
      return read_delete_service(route, request);
    case Operation::kCreateFunction:
      return read_create_function(route, std::move(request));
    case Operation::kUpdateFunction:
      return read_update_function(route, std::move(request));
    case Operation::kDeleteFunction:
      return read_delete_function(route, request);
    case Operation::kPutOnDemandConfig:
      return read_put_limit(route, std::move(request));
    case Operation::kDeleteOnDemandConfig:
    case Operation::kDeleteConcurrency2023:
      return read_delete_limit(route);
    case Operation::kPutConcurrency2023:
      return read_put_concurrency(directory, route, std::move(request));
    case Operation::kPutAsyncConfig:
      return read_put_async_config(route, std::move(request));
    case Operation::kDeleteAsyncConfig:
      return read_delete_async_config(route);
    case Operation::kStopTree:
      return read_stop_tree(route, std::move(request),
                            [&](const CallId& id) { return host.root_of(id); });
    case Operation::kCreateTrigger:
      return read_create_trigger(route, std::move(request));
    case Operation::kUpdateTrigger:
      return read_update_trigger(route, std::move(request));
    case Operation::kCreateDomain:
    case Operation::kCreateDomain2023:
      return read_create_domain(route, std::move(request));
    case Operation::kUpdateDomain:
    case Operation::kUpdateDomain2023:
      return read_update_domain(route, std::move(request));
    case Operation::kDeleteDomain:
    case Operation::kDeleteDomain2023:
      return read_delete_domain(route, request);
    default:
      ENSURE(route.operation() == Operation::kDeleteTrigger);
      return read_delete_trigger(route, request);
  }
}

// The qualifier of a limit or an async config is a text; everywhere else it must name something
// that can be changed.
bool takes_any_qualifier(Operation operation) {
  switch (operation) {
    case Operation::kPutOnDemandConfig:
    case Operation::kDeleteOnDemandConfig:
    case Operation::kPutAsyncConfig:
    case Operation::kDeleteAsyncConfig:
      return true;
    default:
      return false;
  }
}

Result<Mutation> admit_mutation(const ControlHost& host, const Route& route,
                                http::Request request) {
  const Directory& directory = host.directory();
  if (is_without_services(*route.row) && !route.function.empty()) {
    const Result<FunctionPtr> function = function_without_service(directory, route, request);
    if (!function) return function.error();
  } else if (!is_without_services(*route.row) && !takes_any_qualifier(route.operation()) &&
             !route.service.empty()) {
    const Result<ServicePtr> service = resolve_service(directory, route.service, route.qualifier);
    if (!service) return service.error();
  }
  return read_mutation(host, route, std::move(request));
}

Answer read(const ControlHost& host, const Route& route, const http::Request& request) {
  const Directory& directory = host.directory();
  const Result<Query> query = parse_query(request.head.query());
  if (!query) return query.error();
  const DomainView domains{host.account_id(), *route.row};
  switch (route.operation()) {
    case Operation::kGetDomain:
    case Operation::kGetDomain2023:
      return get_domain(directory, route, domains);
    case Operation::kListDomains:
    case Operation::kListDomains2023:
      return list_domains(directory, *query, domains);
    case Operation::kListServices:
      return list_services(directory, *query);
    case Operation::kGetService:
      return get_service(directory, route);
    case Operation::kListFunctions:
      return list_functions(directory, route, *query);
    case Operation::kGetFunction:
      return get_function(directory, route);
    case Operation::kGetFunctionCode:
      return get_function_code(host, route, request);
    case Operation::kGetOnDemandConfig:
      return get_limit(directory, route);
    case Operation::kGetFunction2023:
      return get_function_without_service(directory, route, request);
    case Operation::kGetConcurrency2023:
      return get_concurrency(directory, route);
    case Operation::kListOnDemandConfigs:
      return list_limits(directory, *query);
    case Operation::kGetAsyncConfig:
      return get_async_config(directory, route);
    case Operation::kListAsyncConfigs:
      return list_async_configs(directory, route, *query);
    case Operation::kListTriggers:
      return list_triggers(directory, route, *query);
    default:
      ENSURE(route.operation() == Operation::kGetTrigger);
      return get_trigger(directory, route);
  }
}

}  // namespace

void ControlPlane::handle(const Route& route, http::Request request, std::string request_id,
                          Done done) {
  ENSURE(route.row->answered_by == AnsweredBy::kControlPlane);
  if (route.operation() == Operation::kDownloadCode)
    return download_code(route, std::move(request_id), std::move(done));
  if (route.operation() == Operation::kListSwitches)
    return list_switches(std::move(request_id), std::move(done));
  if (route.operation() == Operation::kListStoppedTrees)
    return list_stopped_trees(std::move(request_id), std::move(done));
  if (is_mutation(route.operation()))
    return mutate(route.operation(), admit_mutation(host_, route, std::move(request)),
                  std::move(request_id), std::move(done));
  done(finished(read(host_, route, request), request_id));
}

// Of a change that was made: what it made, or what became of calls.
void ControlPlane::mutate(Operation operation, Result<Mutation> mutation, std::string request_id,
                          Done done) {
  if (!mutation) return done(finished(mutation.error(), request_id));
  host_.mutate(*std::move(mutation), [&host = host_, operation, request_id = std::move(request_id),
                                      done = std::move(done)](Result<Change> change) {
    if (!change) return done(finished(change.error(), request_id));
    const std::optional<SwitchScope> scope = switched(*change);
    if (!scope) {
      const ShowChange show{operation, host.directory(), change->calls_ended, host.account_id()};
      return done(finished(std::visit(show, change->what), request_id));
    }
    host.count_waiting(*scope, [&host, scope, request_id, done,
                                calls_ended = change->calls_ended](std::uint64_t waiting) {
      done(finished(switched_answer(host.directory(), *scope, {calls_ended, waiting}), request_id));
    });
  });
}

void ControlPlane::list_switches(std::string request_id, Done done) {
  host_.who_has_what([&host = host_, request_id = std::move(request_id),
                      done = std::move(done)](const auto& engines) {
    done(finished(switches_answer(host.directory().switches(), engines), request_id));
  });
}

void ControlPlane::list_stopped_trees(std::string request_id, Done done) {
  host_.who_has_what([&host = host_, request_id = std::move(request_id),
                      done = std::move(done)](const auto& engines) {
    done(finished(stopped_trees_answer(host.directory().stopped_trees(), engines), request_id));
  });
}

void ControlPlane::download_code(const Route& route, std::string request_id, Done done) {
  Result<FunctionPtr> function = function_with_code(host_.directory(), route);
  if (!function) return done(finished(function.error(), request_id));
  host_.read_code(*std::move(function), [request_id = std::move(request_id),
                                         done = std::move(done)](Result<std::string> zip) {
    if (!zip) return done(finished(zip.error(), request_id));
    http::Response response;
    response.headers.add("Content-Type", "application/zip");
    response.body = *std::move(zip);
    done(finished(std::move(response), request_id));
  });
}

}  // namespace convoke
