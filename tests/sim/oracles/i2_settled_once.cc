#include "tests/sim/oracles.h"

namespace convoke::sim {
namespace {

class SettledOnce final : public Observer {
 public:
  explicit SettledOnce(Court& court) : court_(court) {}

  void on_claimed(const ClaimedCall& claimed) override {
    const Account* call = court_.ledger().find(claimed.receipt.id);
    if (call->ended()) red("claimed after its end", claimed.receipt.id);
  }
  void on_settled(const Receipt& receipt, const End& end) override {
    const Account* call = court_.ledger().find(receipt.id);
    if (call->settled > 1 || call->settled_by_crash) red("settled twice", receipt.id);
    if (end.settlement == Settlement::kSucceeded && call->good_ends == 0) {
      red("settled as succeeded, though no attempt ended well", receipt.id);
    }
  }
  void on_restart(const Engine&) override {
    for (const auto& [id, call] : court_.ledger().calls()) {
      if (call.back) red("back from its end", id);
    }
  }
  void at_end(const Engine&) override {
    for (const auto& [id, call] : court_.ledger().calls()) {
      if (call.must_end() && !call.ended()) red("never settled", id);
    }
  }

 private:
  void red(const char* what, const CallId& id) {
    court_.red("I2", "a call was " + (what + (": " + id.text())));
  }
  Court& court_;
};

}  // namespace

std::unique_ptr<Observer> settled_once(Court& court) {
  return std::make_unique<SettledOnce>(court);
}

}  // namespace convoke::sim
