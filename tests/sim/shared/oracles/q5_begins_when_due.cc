#include <map>

#include "tests/sim/shared/oracles.h"

namespace convoke::sim::shared {
namespace {

class BeginsWhenDue final : public Observer {
 public:
  explicit BeginsWhenDue(const Evidence& evidence) : evidence_(evidence) {}

  void on_accept_asked(const NewCall& call) override { due_[call.id] = call.due; }
  void on_started(const Started& started) override {
    const auto due = due_.find(started.attempt.id);
    if (due == due_.end() || due->second <= evidence_.highest_wall) return;
    evidence_.court.red("Q5", "a call began before it was due: " + started.attempt.id.text());
  }

 private:
  const Evidence evidence_;
  std::map<CallId, WallTime> due_;
};

}  // namespace

std::unique_ptr<Observer> begins_when_due(const Evidence& evidence) {
  return std::make_unique<BeginsWhenDue>(evidence);
}

}  // namespace convoke::sim::shared
