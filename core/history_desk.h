// One engine's history: what all shards tell it, which names are taken, and who asks.
//
// Facts are taken in on a thread of its own, as many together as have come meanwhile. A question
// sees all that was told before it was asked, by any shard: so whoever has had a 202 finds the
// call.
//
// Bounded (HistoryLag): beyond half of it, calls that need a history are refused (429) until it has
// caught up; others go on. Beyond all of it, the history is given up. A full disk is tried again
// every kRetry, in order. After a history that cannot be written for good, calls that need one get
// 503 until the next start.
//
// Threads: lives on shard 0's loop; all functions may be called on any shard's thread, and answer
// there.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/edge/io_thread.h"
#include "core/model/error.h"
#include "core/shard_door.h"
#include "queue/history/history.h"
#include "queue/history/sink.h"

namespace convoke {

// What was told and not taken in yet, at most. Beyond it, whatever tells it, the history is given
// up until the next start.
struct HistoryLag {
  std::size_t facts_max = 400'000;
  std::size_t bytes_max = 512UL << 20;  // of events and results
};

class HistoryDesk final : public history::Sink {
 public:
  static constexpr Millis kRetry{1000};

  explicit HistoryDesk(std::unique_ptr<history::History> history, HistoryLag bound = {})
      : history_(std::move(history)), bound_(bound) {}

  // Before the shards are made. A journal that an operator has moved away begins anew, and so does
  // what is told of it: a new one of its number would be taken for one that has lost its end, and
  // nothing would be taken in from then on. `existing`: sorted.
  [[nodiscard]] Result<void> forget_all_but(const std::vector<std::uint32_t>& existing);
  // Before the shards run.
  void open(std::vector<ShardDoor*> doors, IoThread& thread);
  [[nodiscard]] history::Mark mark_of(std::uint32_t journal) const {
    return history_->mark_of(journal);
  }

  void tell(history::Chapter chapter) override;

  using Reserved = std::function<void(Result<void>)>;
  // The name is kept until a call of it has been told of, or release().
  void reserve(FunctionId function, std::string name, ShardIndex from, Reserved reserved);
  void release(FunctionId function, std::string name);
  [[nodiscard]] Result<void> keeps_up() const;

  using Question = std::function<void(history::History&)>;
  void ask(ShardIndex from, Question question, std::function<void()> answered);

  // Ends a call on whichever shard it is.
  void stop(FunctionId function, const CallId& id, ShardIndex from, Queue::Stopped stopped);

  // Where a call stands that has not ended, on whichever shard it is.
  using Found = std::function<void(std::optional<CallPosition>)>;
  void find(const CallId& id, ShardIndex from, Found found);

  // Removes what is too old or too much, a step at a time.
  void collect(WallTime now);
  // What was told and could not be taken in is tried again: every kRetry, by whoever has a clock.
  void retry();

 private:
  using Name = std::pair<FunctionId, std::string>;
  struct Stop;

  void find_at(std::size_t shard, const CallId& id, ShardIndex from, Found found);
  void take_in();                      // the history's thread, as the next
  void give_up(std::string_view why);  // holds the lock
  void on_refused(std::vector<history::Chapter> chapters, const Error& why);
  void free_reserved(const history::Chapter& chapter);
  void run_soon(std::function<void()> job, std::function<void()> done);

  std::unique_ptr<history::History> history_;
  const HistoryLag bound_;
  std::vector<ShardDoor*> doors_;
  IoThread* thread_ = nullptr;

  std::mutex mutex_;  // guards told_ and scheduled_
  std::vector<history::Chapter> told_;
  bool scheduled_ = false;
  std::atomic<std::size_t> lag_{0};
  std::atomic<std::size_t> lag_bytes_{0};
  std::atomic<bool> failed_{false};
  std::atomic<bool> stuck_{false};  // told_ waits for retry()

  std::set<Name> reserved_;  // the history's thread
};

}  // namespace convoke
