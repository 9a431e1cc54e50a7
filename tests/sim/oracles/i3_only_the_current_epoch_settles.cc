#include <map>

#include "tests/sim/oracles.h"

namespace convoke::sim {
namespace {

class OnlyTheCurrentEpochSettles final : public Observer {
 public:
  explicit OnlyTheCurrentEpochSettles(Court& court) : court_(court) {}

  void on_claimed(const ClaimedCall& call) override {
    Epoch& last = last_[call.receipt.id];
    if (call.receipt.epoch <= last)
      court_.red("I3", "an epoch did not grow: " + call.receipt.id.text());
    last = call.receipt.epoch;
  }
  // kStoreFailed: nothing can be settled any more, which changes nothing either.
  void on_stale_used(const Receipt& receipt, SettleResult result) override {
    if (result == SettleResult::kDone)
      court_.red("I3", "a spent receipt settled " + receipt.id.text());
  }

 private:
  Court& court_;
  std::map<CallId, Epoch> last_;
};

}  // namespace

std::unique_ptr<Observer> only_the_current_epoch_settles(Court& court) {
  return std::make_unique<OnlyTheCurrentEpochSettles>(court);
}

}  // namespace convoke::sim
