// The history in Redis, which the queue's own scripts write (records.lua): questions about it.
//
// Where the record of a call says that it is under way, another engine's word counts as long as
// that one's lease does. What a claimed or waiting call was given lies in the queue alone, and is
// looked for there.
//
// A failed call that was taken is, on all engines, for kTakenFor or until it is purged or put back.
#pragma once

#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/edge/clock.h"
#include "core/edge/timer_wheel.h"
#include "queue/history/archive.h"
#include "queue/redis/reading.h"

namespace convoke::redis {

// What may be kept of a function's calls that have ended; beyond it the oldest end goes first.
struct Retention {
  Millis after_end = std::chrono::hours{7 * 24};
  std::uint64_t records_max = 1'000'000;  // of one function
  std::uint64_t bytes_max = 4ULL << 30;   // of one function: of events and results
};

class RedisArchive final : public history::Archive {
 public:
  static constexpr Seconds kTakenFor{600};
  static constexpr Seconds kCollectEvery{60};
  static constexpr int kQuietRounds = 10;

  RedisArchive(Pipeline& connection, std::string prefix, const Clock& clock, TimerWheel& wheel,
               Retention retention)
      : reading_{connection, std::move(prefix)},
        clock_(clock),
        wheel_(wheel),
        retention_(retention) {}

  void get(FunctionId function, std::string name, history::Payload payload,
           Answer<std::optional<history::Record>> answer) override;
  void get(const CallId& id, history::Payload payload,
           Answer<std::optional<history::Record>> answer) override;
  void list(history::ListQuery query, Answer<history::Page> answer) override;
  void list_failed(history::FailedQuery query, Answer<history::Page> answer) override;
  void take_failed(history::FailedQuery query, Answer<history::Page> answer) override;
  void put_back(std::vector<history::CallRef> calls) override;
  void purge(std::vector<history::CallRef> calls, Answer<std::uint64_t> answer) override;
  void functions_with_history(FunctionId after, std::uint32_t limit,
                              Answer<std::vector<FunctionId>> answer) override;

  // Removes what is too old or too much, of all functions, step by step. To be called every minute
  // or so on each engine: one of them does it. Does nothing while it is at it. A function that had
  // no record of an ended call is asked again after kQuietRounds: most have none, most of the time.
  void collect(WallTime now);

 private:
  struct Functions;

  void get(FunctionId function, const CallId& id, history::Payload payload,
           Answer<std::optional<history::Record>> answer);
  void find(std::shared_ptr<Functions> asked);
  void find_named(std::shared_ptr<Functions> asked);
  void take(history::Page page, Answer<history::Page> answer);
  void refuse(Answer<history::Page> answer, Error why);
  void tell_refused();
  [[nodiscard]] std::vector<FunctionId> worth_asking(const std::vector<FunctionId>& functions);
  void collect_from(std::vector<FunctionId> functions, WallTime now);
  void collect_of(FunctionId function, WallTime now, std::function<void(bool more)> collected);

  Reading reading_;
  const Clock& clock_;
  TimerWheel& wheel_;
  const Retention retention_;
  bool collecting_ = false;
  std::unordered_map<FunctionId, int> quiet_;  // rounds until they are asked again
  std::vector<std::pair<Answer<history::Page>, Error>> refused_;
  Timer refused_timer_ = timer_for<&RedisArchive::tell_refused>(this);
};

}  // namespace convoke::redis
