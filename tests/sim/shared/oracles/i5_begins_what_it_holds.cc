#include <set>

#include "tests/sim/shared/oracles.h"

namespace convoke::sim::shared {
namespace {

class BeginsWhatItHolds final : public Observer {
 public:
  explicit BeginsWhatItHolds(const Evidence& evidence) : evidence_(evidence) {}

  void on_stop_answered(const CallId& id, StopResult result) override {
    if (result == StopResult::kStopped) stopped_.insert(id);
  }
  void on_started(const Started& started) override {
    const Attempt& attempt = started.attempt;
    if (!attempt.asynchronous) return;
    if (stopped_.count(attempt.id) > 0) red("after its stop was answered", attempt.id);
    const AttemptKnown* const known = evidence_.attempts.find(attempt.id, attempt.epoch);
    if (known == nullptr) return red("that the store has not handed out", attempt.id);
    const std::string holder = evidence_.books.holder(started.function->id, attempt.id);
    if (holder == std::to_string(known->holder.incarnation)) return;
    red(holder.empty() ? "that it does not hold any more" : "that another engine holds by now",
        attempt.id);
  }

 private:
  void red(const char* what, const CallId& id) {
    evidence_.court.red("I5", "an engine began a call " + (what + (": " + id.text())));
  }

  const Evidence evidence_;
  std::set<CallId> stopped_;
};

}  // namespace

std::unique_ptr<Observer> begins_what_it_holds(const Evidence& evidence) {
  return std::make_unique<BeginsWhatItHolds>(evidence);
}

}  // namespace convoke::sim::shared
