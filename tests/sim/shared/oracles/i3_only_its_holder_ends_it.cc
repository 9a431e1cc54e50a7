#include <map>

#include "tests/sim/shared/oracles.h"

namespace convoke::sim::shared {
namespace {

class OnlyItsHolderEndsIt final : public Observer {
 public:
  explicit OnlyItsHolderEndsIt(const Evidence& evidence) : evidence_(evidence) {}

  void on_ended_there(const EndThere& end) override {
    if (end.by == end.holder) return;
    evidence_.court.red("I3", "incarnation " + end.by + " ended an attempt that " +
                                  (end.holder.empty() ? "nobody" : end.holder) +
                                  " held: " + end.id.text());
  }
  void on_started(const Started& started) override {
    if (!started.attempt.asynchronous) return;
    Epoch& last = last_[started.attempt.id];
    if (started.attempt.epoch <= last) {
      evidence_.court.red("I3", "an epoch did not grow: " + started.attempt.id.text());
    }
    last = started.attempt.epoch;
  }

 private:
  const Evidence evidence_;
  std::map<CallId, Epoch> last_;  // that began
};

}  // namespace

std::unique_ptr<Observer> only_its_holder_ends_it(const Evidence& evidence) {
  return std::make_unique<OnlyItsHolderEndsIt>(evidence);
}

}  // namespace convoke::sim::shared
