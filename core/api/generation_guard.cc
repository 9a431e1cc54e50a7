#include "core/api/generation_guard.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "core/guard/recursion.h"
#include "core/registry/definitions.h"
#include "core/registry/shown.h"

namespace convoke {

std::optional<ObjectEvent> event_of_call(std::string_view event) {
  if (!event.starts_with(R"({"events":[)") || event.size() > kObjectEventBytesMax)
    return std::nullopt;
  auto events = read_object_events(std::string(event));
  if (!events || events->size() != 1) return std::nullopt;
  return std::move(events->front());
}

std::optional<Error> GenerationGuard::begins(const Call& call) {
  if (call.http || !world_.triggers.any_of(call.function)) return std::nullopt;
  const std::optional<ObjectEvent> event = event_of_call(*call.event);
  if (!event) return std::nullopt;
  if (const TriggerPtr trigger = passed(call, *event)) {
    ++refused_;
    Error error{ErrorCode::kRecursiveInvocation, why(*trigger, call, *event)};
    if (!trigger->paused) pause(*trigger, error.message);
    return error;
  }
  world_.works.begin(call.id, event->bucket, event->key, call.its_lineage(), world_.clock.wall());
  working_.insert(call.id);
  return std::nullopt;
}

void GenerationGuard::over(const Call& call) {
  if (working_.erase(call.id) > 0) world_.works.end(call.id, world_.clock.wall());
}

TriggerPtr GenerationGuard::passed(const Call& call, const ObjectEvent& event) const {
  if (!call.lineage) return nullptr;
  const std::uint8_t visits = visits_of(*call.lineage, tag_of(call.function));
  for (const TriggerPtr& trigger : world_.triggers.of(event.bucket)) {
    const auto& object = *trigger->as<ObjectTrigger>();
    if (trigger->function_id == call.function && visits > object.generations_max &&
        same_qualifier(trigger->qualifier, call.qualifier) && sets_off(event, object))
      return trigger;
  }
  return nullptr;
}

std::string GenerationGuard::keys_before(std::string_view bucket) const {
  std::vector<std::string> keys = world_.works.latest(bucket, kKeysShown);
  for (std::string& key : keys) key = fmt::format("'{}'", shown(key));
  return keys.empty() ? "unknown here" : fmt::format("{}", fmt::join(keys, ", "));
}

std::string GenerationGuard::why(const Trigger& trigger, const Call& call,
                                 const ObjectEvent& event) const {
  const auto name_of = [this](FunctionTag tag) {
    const FunctionPtr function = world_.directory.find_function(FunctionId{tag.value});
    return function ? function->full_name() : std::string();
  };
  return fmt::format(
      "{} of '{}' in bucket {} is of generation {} of what {}/{} writes and is called for again; "
      "trigger '{}' allows {} (maxGenerations): {} (root {}; worked on before: {})",
      shown(event.name), shown(event.key), event.bucket,
      visits_of(*call.lineage, tag_of(call.function)), trigger.service, trigger.function,
      trigger.name, trigger.as<ObjectTrigger>()->generations_max, hops_text(*call.lineage, name_of),
      call.lineage->root.text(), keys_before(event.bucket));
}

void GenerationGuard::pause(const Trigger& trigger, const std::string& why) {
  if (!pausing_.insert(trigger.id).second) return;
  hooks_.say(fmt::format(
      "trigger '{0}' of {1}/{2} is paused: {3}. Its events are dropped until you resume it: break "
      "the loop, then `convoke resume {1}/{2} --trigger {0}`, or PUT {{\"paused\": false}} on it",
      trigger.name, trigger.service, trigger.function, why));
  hooks_.pause(PauseTrigger{trigger.service, trigger.function, trigger.name, trigger.id, why},
               [this, id = trigger.id, name = trigger.name](const Result<void>& paused) {
                 pausing_.erase(id);
                 if (paused || paused.error().code == ErrorCode::kPreconditionFailed) return;
                 hooks_.say(
                     fmt::format("trigger '{}' could not be paused: {}. The next such event "
                                 "tries it again",
                                 name, paused.error().message));
               });
}

}  // namespace convoke
