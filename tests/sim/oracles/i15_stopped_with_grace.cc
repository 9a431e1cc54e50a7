#include <fmt/format.h>

#include "tests/sim/oracles.h"

namespace convoke::sim {
namespace {

class StoppedWithGrace final : public Observer {
 public:
  explicit StoppedWithGrace(Court& court) : court_(court) {}

  void on_drain() override { draining_ = true; }
  void on_claim_asked(FunctionId function) override {
    if (!draining_) return;
    court_.red("I15", fmt::format("queued calls of function {} were claimed by an engine that is "
                                  "being stopped",
                                  function.value));
  }
  void on_drained(std::size_t unanswered) override {
    if (unanswered == 0) return;
    court_.red("I15", fmt::format("stopped with {} requests unanswered", unanswered));
  }
  void on_crash() override { draining_ = false; }

 private:
  Court& court_;
  bool draining_ = false;
};

}  // namespace

std::unique_ptr<Observer> stopped_with_grace(Court& court) {
  return std::make_unique<StoppedWithGrace>(court);
}

}  // namespace convoke::sim
