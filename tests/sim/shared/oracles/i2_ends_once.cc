#include <map>
#include <set>

#include "tests/sim/shared/oracles.h"

namespace convoke::sim::shared {
namespace {

class EndsOnce final : public Observer {
 public:
  explicit EndsOnce(const Evidence& evidence) : evidence_(evidence) {}

  void on_taken_there(const CallId& id) override {
    if (!taken_.insert(id).second) {
      evidence_.court.red("I2", "a call was accepted twice: " + id.text());
    }
  }
  void on_ended_there(const EndThere& end) override {
    if (end.what != Asked::kSettle) return;
    if (taken_.count(end.id) == 0) red("ended that nobody had accepted", end.id);
    if (!ended_.insert(end.id).second) red("ended twice", end.id);
  }
  void on_settled(const Receipt& receipt, const End& end) override {
    if (ended_.count(receipt.id) == 0) red("said to have ended, and has not", receipt.id);
    if (!told_.insert(receipt.id).second) red("twice said to have ended", receipt.id);
    const Account* const call = evidence_.court.ledger().find(receipt.id);
    if (end.settlement == Settlement::kSucceeded && call->good_ends == 0) {
      red("settled as succeeded, though no attempt ended well", receipt.id);
    }
  }
  void at_rest(const std::string& left_over) override {
    const std::string never = "never ended (" + left_over + ")";
    for (const CallId& id : taken_) {
      if (ended_.count(id) == 0) red(never.c_str(), id);
    }
  }

 private:
  void red(const char* what, const CallId& id) {
    evidence_.court.red("I2", "a call was " + (what + (": " + id.text())));
  }

  const Evidence evidence_;
  std::set<CallId> taken_;
  std::set<CallId> ended_;
  std::set<CallId> told_;
};

}  // namespace

std::unique_ptr<Observer> ends_once(const Evidence& evidence) {
  return std::make_unique<EndsOnce>(evidence);
}

}  // namespace convoke::sim::shared
