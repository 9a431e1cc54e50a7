#include <fmt/core.h>

#include <memory>
#include <utility>

#include "core/registry/decision.h"
#include "core/registry/loop_check.h"
#include "core/registry/resolve.h"
#include "core/registry/rules.h"
#include "core/registry/trigger_rules.h"

namespace convoke::decision {
namespace {

Result<void> check_new(const Context& context, const CreateTrigger& create, FunctionId id) {
  if (Result<void> right = check_trigger_name(create.name); !right) return right;
  if (context.committed.find_trigger(id, create.name))
    return Error{
        ErrorCode::kTriggerAlreadyExists,
        fmt::format("trigger '{}' already exists in function '{}'", create.name, create.function)};
  if (Result<void> room = check_room("triggers", context.committed.triggers(), kTriggersMax); !room)
    return room;
  return check_room("triggers of this function", context.committed.triggers_of(id),
                    kTriggersPerFunctionMax);
}

// Requests of one version or alias have one trigger to answer to.
Result<void> check_only_http(const Context& context, const Trigger& trigger) {
  if (trigger.as<HttpTrigger>() == nullptr) return {};
  const TriggerPtr other =
      context.committed.http_trigger_of(trigger.function_id, trigger.qualifier);
  if (!other || other->name == trigger.name) return {};
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("function '{}' has an http trigger for this qualifier already: '{}'",
                           trigger.function, other->name)};
}

// What a trigger may be in the company of others.
Result<void> check_among(const Context& context, const Trigger& trigger) {
  if (Result<ServicePtr> meant =
          resolve_service(context.committed, trigger.service, trigger.qualifier);
      !meant)
    return meant.error();
  return check_only_http(context, trigger);
}

Result<void> set_pause(const Context& context, const TriggerFields& fields, Trigger& trigger) {
  if (!fields.paused) return {};
  if (!*fields.paused) {
    trigger.paused.reset();
    return {};
  }
  if (trigger.as<ObjectTrigger>() == nullptr)
    return Error{ErrorCode::kInvalidArgument, "paused is for triggers of the type oss alone"};
  if (!trigger.paused) trigger.paused = TriggerPause{context.stamp.now, "by request"};
  return {};
}

Result<Change> put(const Context& context, const TriggerFields& fields, Trigger trigger) {
  trigger.modified = context.stamp.now;
  trigger.etag = etag_of(context);
  if (Result<void> applied = apply_fields(fields, trigger); !applied) return applied.error();
  if (Result<void> set = set_pause(context, fields, trigger); !set) return set.error();
  if (Result<void> right = check_among(context, trigger); !right) return right.error();
  if (Result<void> right = check_loops(context.committed, trigger); !right) return right.error();
  return change_of(context, TriggerPut{std::make_shared<const Trigger>(std::move(trigger))});
}

}  // namespace

Result<Change> decide_one(const Context& context, const CreateTrigger& create) {
  const Result<FunctionPtr> found =
      resolve_function(context.committed, create.service, {}, create.function);
  if (!found) return found.error();
  if (Result<void> right = check_new(context, create, (*found)->id); !right) return right.error();
  Trigger trigger;
  trigger.id = context.stamp.version;
  trigger.service = create.service;
  trigger.function = create.function;
  trigger.function_id = (*found)->id;
  trigger.name = create.name;
  trigger.created = context.stamp.now;
  if (Result<void> set = set_type(create.fields.type.value_or(""), trigger); !set)
    return set.error();
  TriggerFields fields = create.fields;
  if (!fields.config) fields.config.emplace();  // whose members are then missed by their names
  return put(context, fields, std::move(trigger));
}

Result<Change> decide_one(const Context& context, const UpdateTrigger& update) {
  const Result<TriggerPtr> found =
      resolve_trigger(context.committed, update.service, update.function, update.name);
  if (!found) return found.error();
  if (Result<void> met = check_if_match(update.if_match, (*found)->etag); !met) return met.error();
  return put(context, update.fields, **found);
}

// Of several shards and engines that ask for it, the first is right.
Result<Change> decide_one(const Context& context, const PauseTrigger& pause) {
  const Result<TriggerPtr> found =
      resolve_trigger(context.committed, pause.service, pause.function, pause.name);
  if (!found) return found.error();
  if ((*found)->id != pause.id || (*found)->paused)
    return Error{ErrorCode::kPreconditionFailed, "the trigger is paused already, or another one"};
  Trigger trigger = **found;
  trigger.paused = TriggerPause{context.stamp.now, pause.why.substr(0, kPauseReasonBytesMax)};
  trigger.modified = context.stamp.now;
  trigger.etag = etag_of(context);
  return change_of(context, TriggerPut{std::make_shared<const Trigger>(std::move(trigger))});
}

Result<Change> decide_one(const Context& context, const DeleteTrigger& gone) {
  const Result<TriggerPtr> found =
      resolve_trigger(context.committed, gone.service, gone.function, gone.name);
  if (!found) return found.error();
  if (Result<void> met = check_if_match(gone.if_match, (*found)->etag); !met) return met.error();
  return change_of(context, TriggerGone{(*found)->function_id, gone.name});
}

}  // namespace convoke::decision
