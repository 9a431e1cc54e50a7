#include "core/observe/explanation.h"

#include <fmt/format.h>

#include "queue/queue.h"

namespace convoke {
namespace {

std::string calls_that_wait(const Circumstances& about) {
  return about.ready == 1 ? "1 call of the function waits"
                          : fmt::format("{} calls of the function wait", about.ready);
}

std::string calls_ahead(std::uint64_t ahead) {
  if (ahead > kAheadMax) return fmt::format("more than {} go", kAheadMax);
  return ahead == 1 ? "1 goes" : fmt::format("{} go", ahead);
}

// Its place in the queue, where that is known.
std::string place(const Circumstances& about) {
  if (!about.ahead || about.ready <= 1) return {};
  if (*about.ahead == 0)
    return about.queues > 1 ? ", and it is the first on its shard"
                            : ", and it is the first of them";
  return fmt::format(", and {} before it{}", calls_ahead(*about.ahead),
                     about.queues > 1 ? " on its shard" : "");
}

std::string seconds_to(WallTime due, WallTime now) {
  return fmt::format("{:.1f} s", std::chrono::duration<double>(due - now).count());
}

Explanation waits_for_its_time(const Circumstances& about) {
  const std::string left = seconds_to(about.due, about.now);
  if (about.retries == 0) {
    return {"delay", fmt::format("It was accepted with a delay and falls due in {}.", left),
            about.due};
  }
  const std::string attempts =
      fmt::format("After {} {}", about.retries, about.retries == 1 ? "attempt" : "attempts");
  if (about.due - about.now > about.backoff_max) {
    return {"retryBudget",
            fmt::format("{} it waits for longer than it would back off, since many calls of the "
                        "function are to be tried again: it is in {}.",
                        attempts, left),
            about.due};
  }
  return {"backOff", fmt::format("{} it backs off, and is tried again in {}.", attempts, left),
          about.due};
}

Explanation held_by_window(const Circumstances& about) {
  const NarrowWindow& window = *about.window;
  std::string text = fmt::format(
      "The function had no room for more, or became slow: {} of its queued calls may run at once, "
      "and {} {} under way. {}{}",
      window.limit, window.under_way, window.under_way == 1 ? "is" : "are", calls_that_wait(about),
      place(about));
  if (window.pause <= Duration{}) {
    return {"overload", text + ": it runs when they have ended.", std::nullopt, about.ahead};
  }
  const WallTime until = about.now + std::chrono::ceil<Millis>(window.pause);
  text += fmt::format(": it is asked again in {}.", seconds_to(until, about.now));
  return {"overload", std::move(text), until, about.ahead};
}

Explanation at_the_limit(const Circumstances& about) {
  std::string text = fmt::format("The function's limit is {} {}", *about.limit,
                                 *about.limit == 1 ? "instance" : "instances");
  if (about.allowed < *about.limit) {
    text += fmt::format(", of which {} may be on this engine now", about.allowed);
  }
  text += fmt::format(
      "; {} here. {}{}: it runs when one of them is free.",
      about.instances == 1 ? "there is 1" : fmt::format("there are {}", about.instances),
      calls_that_wait(about), place(about));
  return {"limit", std::move(text), std::nullopt, about.ahead};
}

}  // namespace

Explanation explain(const Circumstances& about) {
  if (has_ended(about.state)) return {"ended", "It has ended.", std::nullopt};
  if (about.state == CallState::kRunning || about.state == CallState::kStopping) {
    return {"running", "It is inside an instance.", std::nullopt};
  }
  if (about.state == CallState::kDequeued) {
    return {"running", "It was taken out of the queue and is on its way to an instance, or in one.",
            std::nullopt};
  }
  if (!about.function_there) {
    return {"deleted", "Its function was deleted: it ends as Invalid when it falls due.",
            std::nullopt};
  }
  if (about.due > about.now) return waits_for_its_time(about);
  if (!about.switched_off.empty()) {
    return {
        "stopped",
        fmt::format("It waits because {}. {}{}, until the switch is lifted or their age is over.",
                    about.switched_off, calls_that_wait(about), place(about)),
        std::nullopt, about.ahead};
  }
  if (about.limit == 0U) {
    return {
        "stopped",
        fmt::format("The function is stopped: its limit is 0. {}{}, until the limit is raised or "
                    "deleted, or their age is over.",
                    calls_that_wait(about), place(about)),
        std::nullopt, about.ahead};
  }
  if (!about.may_start) {
    return {
        "noLease",
        "This engine has not reached the queue's server for too long, and starts nothing until it "
        "does; another engine may.",
        std::nullopt};
  }
  if (about.window) return held_by_window(about);
  if (about.limit && about.instances >= about.allowed) return at_the_limit(about);
  return {
      "queue",
      fmt::format("It waits for an instance, of which there {} here. {}{}: the oldest goes first.",
                  about.instances == 1 ? "is 1" : fmt::format("are {}", about.instances),
                  calls_that_wait(about), place(about)),
      std::nullopt, about.ahead};
}

}  // namespace convoke
