// One advance of virtual time: from where it stands to where it is wanted, timer by timer. Pure.
//
//   look (all shards at rest?) --yes--> move to the earliest timer of any shard --> look --> ...
//
// Time is moved only while every shard rests: so what a timer sets going runs to its end, writes
// its outcome down and schedules its own follow-up before time goes on, and a follow-up that falls
// into the span fires in it, in its order.
//
// A shard can only say that it rested when it was looked at; a letter may have been on its way to
// it. So two looks in a row must agree: each shard rested, and nothing happened on it in between.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/model/instant.h"

namespace convoke {

// What a shard says of itself when it is looked at.
struct Rest {
  bool at_rest = true;         // false: it was waited for in vain
  std::uint64_t events = 0;    // that happened on it so far; any change tells
  std::optional<Millis> next;  // its earliest timer, as time passed since the origin
};

class Advance {
 public:
  // More than a timer a second for a day; a longer way ends there, and says so.
  static constexpr std::uint32_t kStepsMax = 100'000;

  Advance(Millis from, Millis target, std::uint32_t steps_max = kStepsMax)
      : at_(from), target_(target), steps_max_(steps_max) {}

  struct Next {
    enum class Do : std::uint8_t { kLook, kMove, kEnd };
    Do action;
    Millis to{};  // kMove
  };
  // After each look: what the shards said, in their order.
  [[nodiscard]] Next on_look(std::vector<Rest> shards);

  [[nodiscard]] Millis at() const { return at_; }
  [[nodiscard]] std::uint32_t steps() const { return steps_; }
  // Once ended: false when it ended early, for want of rest or of steps.
  [[nodiscard]] bool complete() const { return complete_; }

 private:
  [[nodiscard]] bool still(const std::vector<Rest>& shards) const;

  Millis at_;
  const Millis target_;
  const std::uint32_t steps_max_;
  std::uint32_t steps_ = 0;
  bool complete_ = false;
  std::vector<Rest> last_;  // empty: time has moved since
};

}  // namespace convoke
