// The loop guard of object triggers at run time: a function that is called for what it wrote
// itself, again and again. By how often the function stands in a call's lineage, the generation of
// the event is known (event_cause.h gives the lineage); past the trigger's maxGenerations the call
// fails before it runs, as one does that the recursion guard refuses, and the trigger is paused: a
// fact of the registry, for all shards and engines, until somebody resumes it.
//
// Judged when a call is about to run, so by the triggers of that moment, on whichever engine that
// is. Visits are counted once: where the function's own recursionConfig allows fewer, that guard
// ends the line, and no trigger is paused.
//
// Also tells the works (core/guard/object_works.h) which objects calls work on.
//
// One shard's; its thread alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>

#include "core/api/object_events.h"
#include "core/dispatch/pump.h"
#include "core/edge/clock.h"
#include "core/guard/object_works.h"
#include "core/registry/bucket_index.h"
#include "core/registry/directory.h"
#include "core/registry/mutation.h"

namespace convoke {

// Longer events of calls are not looked into: a store's are some hundred bytes.
inline constexpr std::size_t kObjectEventBytesMax = 64UL << 10;

class GenerationGuard final : public AttemptWatch {
 public:
  static constexpr std::size_t kKeysShown = 4;

  struct Hooks {
    // Commits it. `done` runs once, in a later turn: whether the trigger is paused now.
    std::function<void(PauseTrigger, std::function<void(const Result<void>&)> done)> pause;
    std::function<void(std::string_view)> say;  // for an operator's eyes
  };
  // All of it outlives the guard.
  struct World {
    const Clock& clock;
    const Directory& directory;
    const BucketIndex& triggers;
    ObjectWorks& works;
  };
  GenerationGuard(const World& world, Hooks hooks) : world_(world), hooks_(std::move(hooks)) {}

  [[nodiscard]] std::optional<Error> begins(const Call& call) override;
  void over(const Call& call) override;

  [[nodiscard]] std::uint64_t refused() const { return refused_; }  // since start

 private:
  [[nodiscard]] TriggerPtr passed(const Call& call, const ObjectEvent& event) const;
  [[nodiscard]] std::string keys_before(std::string_view bucket) const;
  [[nodiscard]] std::string why(const Trigger& trigger, const Call& call,
                                const ObjectEvent& event) const;
  void pause(const Trigger& trigger, const std::string& why);

  const World world_;
  const Hooks hooks_;
  std::unordered_set<CallId> working_;  // calls that the works know of
  std::set<std::uint64_t> pausing_;     // triggers, until it is committed
  std::uint64_t refused_ = 0;
};

// The object that a call of ours is for: its event as calls_set_off made it. nullopt: another one.
[[nodiscard]] std::optional<ObjectEvent> event_of_call(std::string_view event);

}  // namespace convoke
