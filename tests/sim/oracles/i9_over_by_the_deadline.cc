#include <fmt/format.h>

#include <map>
#include <set>

#include "tests/sim/oracles.h"

namespace convoke::sim {
namespace {

// For letters between shards and full boxes, beside the time that a signal needs.
constexpr Duration kGrace = Seconds{5};

class OverByTheDeadline final : public Observer {
 public:
  explicit OverByTheDeadline(Court& court) : court_(court) {}

  void on_started(const Started& started) override {
    const Duration timeout = started.function->spec.timeout;
    // Past its deadline a call is in the way of its neighbours' ends, no longer.
    const bool alone = started.function->spec.instance_concurrency == 1;
    const Instant over = court_.now() + (alone ? timeout : 2 * timeout) + kTermToKill + kGrace;
    running_.emplace(started.attempt.id, Running{started.function->id, over});
    // A call on its way to its instance starts though its caller has hung up: nobody is owed then.
    const bool owed = !started.attempt.asynchronous && !gone_.contains(started.attempt.id);
    if (owed) owed_[started.attempt.id] = court_.now() + timeout + kGrace;
  }
  void on_ended(const CallId& id, const Reply& reply) override {
    if (reply.never_began) owed_.erase(id);  // it runs elsewhere
    if (const auto found = running_.find(id); found != running_.end()) running_.erase(found);
  }
  void on_answer(const CallId& id, int) override { owed_.erase(id); }
  void on_closed(const CallId& id) override {
    owed_.erase(id);
    gone_.insert(id);
  }
  void on_answered(const Changed& changed) override {
    if (changed.what != Changed::What::kLimit || changed.limit > 0) return;
    for (auto& [id, running] : running_) {
      if (running.function != changed.function) continue;
      running.over = std::min(running.over, court_.now() + kTermToKill + kGrace);
    }
  }
  void on_crash() override {
    running_.clear();
    owed_.clear();
  }
  void after_turn(const Engine&) override {
    for (const auto& [id, running] : running_) {
      if (court_.now() > running.over) court_.red("I9", "still running: " + id.text());
    }
    for (const auto& [id, by] : owed_) {
      if (court_.now() > by) court_.red("I9", "past its deadline without an answer: " + id.text());
    }
  }

 private:
  struct Running {
    FunctionId function;
    Instant over;
  };
  Court& court_;
  std::multimap<CallId, Running> running_;  // an attempt that timed out, and the next one
  std::map<CallId, Instant> owed_;
  std::set<CallId> gone_;  // their callers
};

}  // namespace

std::unique_ptr<Observer> over_by_the_deadline(Court& court) {
  return std::make_unique<OverByTheDeadline>(court);
}

}  // namespace convoke::sim
