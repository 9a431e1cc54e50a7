#include "core/registry/decide.h"

#include <fmt/core.h>

#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "core/registry/decide_switch.h"
#include "core/registry/decision.h"
#include "core/registry/loop_check.h"
#include "core/registry/resolve.h"

namespace convoke {
namespace decision {
namespace {

// Quotes around an ETag are HTTP's way to write it; Function Compute's clients leave them out.
std::string_view unquoted(std::string_view etag) {
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"')
    return etag.substr(1, etag.size() - 2);
  return etag;
}

}  // namespace

Result<void> check_if_match(const IfMatch& if_match, const std::string& etag) {
  if (!if_match || *if_match == "*" || unquoted(*if_match) == etag) return {};
  return Error{ErrorCode::kPreconditionFailed, "the resource being modified has been changed"};
}

Result<void> check_room(std::string_view what, std::size_t count, std::size_t max) {
  if (count < max) return {};
  return Error{ErrorCode::kLimitExceeded,
               fmt::format("there are {} {} already, and no more are allowed", count, what)};
}

Result<void> check_text(std::string_view member, std::size_t bytes, std::size_t max) {
  if (bytes <= max) return {};
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("{} is too long (max: {} bytes, actual: {})", member, max, bytes)};
}

namespace {

Result<Change> decide_one(const Context& context, const CreateService& create) {
  if (Result<void> right = check_service_name(create.name); !right) return right.error();
  if (context.committed.find_service(create.name))
    return Error{ErrorCode::kServiceAlreadyExists,
                 fmt::format("service '{}' already exists", create.name)};
  if (Result<void> room = check_room("services", context.committed.services(), kServicesMax); !room)
    return room.error();
  Service service;
  service.id = context.stamp.version;
  service.name = create.name;
  service.created = service.modified = context.stamp.now;
  service.etag = etag_of(context);
  if (Result<void> applied = apply_fields(create.fields, service); !applied) return applied.error();
  return change_of(context, ServicePut{std::make_shared<const Service>(std::move(service))});
}

Result<Change> decide_one(const Context& context, const UpdateService& update) {
  const Result<ServicePtr> found = resolve_service(context.committed, update.name, {});
  if (!found) return found.error();
  if (Result<void> met = check_if_match(update.if_match, (*found)->etag); !met) return met.error();
  Service service = **found;
  service.modified = context.stamp.now;
  service.etag = etag_of(context);
  if (Result<void> applied = apply_fields(update.fields, service); !applied) return applied.error();
  return change_of(context, ServicePut{std::make_shared<const Service>(std::move(service))});
}

Result<Change> decide_one(const Context& context, const DeleteService& gone) {
  const Result<ServicePtr> found = resolve_service(context.committed, gone.name, {});
  if (!found) return found.error();
  if (Result<void> met = check_if_match(gone.if_match, (*found)->etag); !met) return met.error();
  if (context.committed.has_functions(gone.name))
    return Error{ErrorCode::kServiceNotEmpty,
                 fmt::format("service '{}' has active 'functions'", gone.name)};
  return change_of(context, ServiceGone{gone.name});
}

// A process runs code; an in-process handler is code that the program already holds.
Result<void> check_code(const Function& function, const FunctionFields& fields) {
  const bool in_process = function.spec.runtime == Runtime::kInProcess;
  if (in_process && fields.zip_base64)
    return Error{ErrorCode::kInvalidArgument,
                 "code is not allowed with the runtime in-process: its handlers are part of the "
                 "program that runs this engine"};
  if (in_process || fields.zip_base64 || !function.code.directory.empty()) return {};
  return Error{ErrorCode::kInvalidArgument,
               "code is missing: send code.zipFile, the base64 text of a zip archive"};
}

Result<Change> decide_one(const Context& context, const CreateFunction& create) {
  if (Result<void> right = check_function_name(create.name); !right) return right.error();
  if (Result<ServicePtr> found = resolve_service(context.committed, create.service, {}); !found)
    return found.error();
  if (context.committed.find_function(create.service, create.name))
    return Error{
        ErrorCode::kFunctionAlreadyExists,
        fmt::format("function '{}' already exists in service '{}'", create.name, create.service)};
  if (Result<void> room = check_room("functions", context.committed.functions(), kFunctionsMax);
      !room)
    return room.error();
  Function function;
  function.id = FunctionId{context.stamp.version};
  function.spec.service = create.service;
  function.spec.name = create.name;
  function.created = function.modified = context.stamp.now;
  function.etag = etag_of(context);
  function.spec.runtime_name.clear();  // it has no default
  if (Result<void> applied = apply_fields(create.fields, function, context.in_process); !applied)
    return applied.error();
  if (Result<void> right = check_code(function, create.fields); !right) return right.error();
  return change_of(context, FunctionPut{std::make_shared<const Function>(std::move(function))});
}

bool instances_notice(const FunctionSpec& before, FunctionSpec after) {
  after.description = before.description;
  return before != after;
}

Result<Change> decide_one(const Context& context, const UpdateFunction& update) {
  const Result<FunctionPtr> found =
      resolve_function(context.committed, update.service, {}, update.name);
  if (!found) return found.error();
  if (Result<void> met = check_if_match(update.if_match, (*found)->etag); !met) return met.error();
  Function function = **found;
  function.modified = context.stamp.now;
  function.etag = etag_of(context);
  if (Result<void> applied = apply_fields(update.fields, function, context.in_process); !applied)
    return applied.error();
  if (function.spec.runtime == Runtime::kInProcess) function.code = {};
  if (Result<void> right = check_code(function, update.fields); !right) return right.error();
  if (update.fields.zip_base64 || instances_notice((*found)->spec, function.spec))
    ++function.revision;
  return change_of(context, FunctionPut{std::make_shared<const Function>(std::move(function))});
}

Result<Change> decide_one(const Context& context, const DeleteFunction& gone) {
  const Result<FunctionPtr> found =
      resolve_function(context.committed, gone.service, {}, gone.name);
  if (!found) return found.error();
  if (Result<void> met = check_if_match(gone.if_match, (*found)->etag); !met) return met.error();
  if (context.committed.triggers_of((*found)->id) > 0)
    return Error{ErrorCode::kFunctionNotEmpty,
                 fmt::format("function '{}' has active triggers", gone.name)};
  return change_of(context, FunctionGone{(*found)->id, gone.service, gone.name});
}

Result<void> check_limit_room(const Context& context, FunctionId id, const std::string& resource) {
  if (context.committed.find_limit(resource)) return {};
  return check_room("on-demand configs of this function", context.committed.limits_of(id),
                    kLimitsPerFunctionMax);
}

Result<Change> decide_one(const Context& context, const PutLimit& put) {
  if (Result<void> right = check_qualifier(put.qualifier); !right) return right.error();
  const Result<FunctionPtr> found =
      resolve_function(context.committed, put.service, {}, put.function);
  if (!found) return found.error();
  if (put.maximum_instance_count < 0 || put.maximum_instance_count > kMaximumInstanceCountMax)
    return Error{
        ErrorCode::kInvalidArgument,
        fmt::format("maximumInstanceCount is set to an invalid value (allowed: 0 to {}, actual: "
                    "{})",
                    kMaximumInstanceCountMax, put.maximum_instance_count)};
  std::string resource = limit_resource(put.service, put.qualifier, put.function);
  if (Result<void> room = check_limit_room(context, (*found)->id, resource); !room)
    return room.error();
  return change_of(context,
                   LimitPut{std::make_shared<const OnDemandLimit>(OnDemandLimit{
                       std::move(resource), put.service, put.qualifier, put.function, (*found)->id,
                       static_cast<std::uint32_t>(put.maximum_instance_count)})});
}

Result<Change> decide_one(const Context& context, const DeleteLimit& gone) {
  const Result<FunctionPtr> found =
      resolve_function(context.committed, gone.service, {}, gone.function);
  if (!found) return found.error();
  std::string resource = limit_resource(gone.service, gone.qualifier, gone.function);
  if (!context.committed.find_limit(resource))
    return Error{ErrorCode::kOnDemandConfigNotFound,
                 fmt::format("on-demand config for '{}' does not exist", resource)};
  return change_of(context, LimitGone{std::move(resource), (*found)->id});
}

Result<AsyncConfig> async_config_to_change(const Context& context, const PutAsyncConfig& put,
                                           FunctionId id) {
  if (const AsyncConfigPtr kept = context.committed.async_config_of(id, put.qualifier))
    return *kept;
  if (Result<void> room =
          check_room("async configs of this function", context.committed.async_configs_of(id),
                     kAsyncConfigsPerFunctionMax);
      !room)
    return room.error();
  AsyncConfig config;
  config.service = put.service;
  config.qualifier = means_latest(put.qualifier) ? std::string(kLatest) : put.qualifier;
  config.function = put.function;
  config.function_id = id;
  config.created = context.stamp.now;
  return config;
}

Result<Change> decide_one(const Context& context, const PutAsyncConfig& put) {
  if (Result<void> right = check_qualifier(put.qualifier); !right) return right.error();
  const Result<FunctionPtr> found =
      resolve_function(context.committed, put.service, {}, put.function);
  if (!found) return found.error();
  Result<AsyncConfig> config = async_config_to_change(context, put, (*found)->id);
  if (!config) return config.error();
  config->modified = context.stamp.now;
  if (Result<void> applied = apply_fields(put.fields, *config); !applied) return applied.error();
  if (Result<void> right = check_loops(context.committed, *config); !right) return right.error();
  return change_of(context,
                   AsyncConfigPut{std::make_shared<const AsyncConfig>(*std::move(config))});
}

Result<Change> decide_one(const Context& context, const DeleteAsyncConfig& gone) {
  const Result<AsyncConfigPtr> found =
      resolve_async_config(context.committed, gone.service, gone.qualifier, gone.function);
  if (!found) return found.error();
  return change_of(context, AsyncConfigGone{(*found)->function_id, (*found)->qualifier});
}

template <class OfSwitches>
Result<Change> decide_one(const Context& context, const OfSwitches& mutation) {
  return decide_switch(context.committed, mutation, context.stamp);
}

const FunctionFields* fields_of(const CreateFunction& create) { return &create.fields; }
const FunctionFields* fields_of(const UpdateFunction& update) { return &update.fields; }
template <class Other>
const FunctionFields* fields_of(const Other& /*carries no function*/) {
  return nullptr;
}

Result<Change> decide_any(const Context& context, const Mutation& mutation) {
  return std::visit([&](const auto& wish) { return decide_one(context, wish); }, mutation);
}

}  // namespace
}  // namespace decision

Result<Change> decide(const Directory& committed, const Mutation& mutation, const Stamp& stamp,
                      const InProcessHandlers& in_process) {
  return decision::decide_any({committed, stamp, in_process}, mutation);
}

Change with_code(const Change& function_put, CodePackage code) {
  const auto* put = std::get_if<FunctionPut>(&function_put.what);
  ENSURE(put != nullptr);
  Function function = *put->function;
  function.code = std::move(code);
  return Change{function_put.version,
                FunctionPut{std::make_shared<const Function>(std::move(function))}};
}

const std::string* code_of(const Mutation& mutation) {
  const FunctionFields* fields =
      std::visit([](const auto& wish) { return decision::fields_of(wish); }, mutation);
  return fields != nullptr && fields->zip_base64 ? &*fields->zip_base64 : nullptr;
}

}  // namespace convoke
