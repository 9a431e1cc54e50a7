#include <fmt/format.h>

#include <map>

#include "tests/sim/oracles.h"

namespace convoke::sim {
namespace {

// A limit that falls does not end what runs; but nothing starts beyond it.
class WithinLimits final : public Observer {
 public:
  explicit WithinLimits(Court& court) : court_(court) {}

  void on_committed(const Changed& changed) override {
    if (changed.what == Changed::What::kLimit) limits_[changed.function] = changed.limit;
  }
  void on_instance_started(const FunctionPtr& function) override {
    const std::uint32_t live = ++live_[function->id];
    const auto limit = limits_.find(function->id);
    if (limit == limits_.end() || live <= limit->second) return;
    court_.red("I6", fmt::format("{} instances of function {}, whose limit is {}", live,
                                 function->id.value, limit->second));
  }
  void on_instance_gone(const FunctionPtr& function) override { --live_[function->id]; }
  void on_crash() override { live_.clear(); }
  void after_turn(const Engine& engine) override {
    if (engine.account_used() > engine.options().account_max) {
      court_.red("I6", "more instances than the account may have");
    }
  }

 private:
  Court& court_;
  std::map<FunctionId, std::uint32_t> limits_;
  std::map<FunctionId, std::uint32_t> live_;
};

}  // namespace

std::unique_ptr<Observer> within_limits(Court& court) {
  return std::make_unique<WithinLimits>(court);
}

}  // namespace convoke::sim
