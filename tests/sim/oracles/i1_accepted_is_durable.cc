#include "tests/sim/oracles.h"

namespace convoke::sim {
namespace {

class AcceptedIsDurable final : public Observer {
 public:
  explicit AcceptedIsDurable(Court& court) : court_(court) {}
  void on_restart(const Engine&) override {
    for (const auto& [id, call] : court_.ledger().calls()) {
      if (call.lost) court_.red("I1", "an acknowledged call is not in the store: " + id.text());
    }
  }

 private:
  Court& court_;
};

}  // namespace

std::unique_ptr<Observer> accepted_is_durable(Court& court) {
  return std::make_unique<AcceptedIsDurable>(court);
}

}  // namespace convoke::sim
