// Moves one engine's virtual time: one advance after the other, each in steps that all shards take
// together (core/advance.h says when).
//
// Threads: lives on shard 0's loop; advance() may be called on any shard's thread, and answers
// there.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <vector>

#include "core/advance.h"
#include "core/api/clock.h"
#include "core/model/error.h"
#include "core/model/ids.h"
#include "core/model/instant.h"

namespace convoke {

// A shard, as the desk sees it. All but post() on the shard's thread.
class TimeDoor {
 public:
  virtual ~TimeDoor() = default;
  virtual void post(std::function<void()> task) = 0;  // any thread; runs on the shard's
  virtual void move_time(Millis passed) = 0;
  virtual void look(Millis patience, std::function<void(Rest)> looked) = 0;
};

class ClockDesk {
 public:
  static constexpr std::size_t kAdvancesMax = 16;                   // waiting; beyond: 429
  static constexpr Seconds kPassedMax{std::chrono::hours{87'600}};  // ten years, in all

  void open(std::vector<TimeDoor*> doors) { doors_ = std::move(doors); }  // before the shards run

  using Advanced = std::function<void(Result<AdvanceResult>)>;
  void advance(const AdvanceOrder& order, ShardIndex from, Advanced advanced);

 private:
  struct Waiting {
    AdvanceOrder order;
    ShardIndex from;
    Advanced advanced;
  };

  void take(Waiting waiting);
  [[nodiscard]] std::optional<Error> refusal(const AdvanceOrder& order) const;
  void answer(const Waiting& waiting, const Result<AdvanceResult>& result);
  void begin();
  void look(std::optional<Millis> move_to);
  void looked(std::size_t shard, const Rest& rest);
  void end();

  std::vector<TimeDoor*> doors_;
  Millis passed_{0};
  std::deque<Waiting> waiting_;  // the first is under way
  std::optional<Advance> under_way_;
  std::vector<Rest> rests_;
  std::size_t to_hear_ = 0;
};

}  // namespace convoke
