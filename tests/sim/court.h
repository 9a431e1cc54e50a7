// Where oracles judge. The first verdict ends the run.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/sim/engine.h"
#include "tests/sim/ledger.h"
#include "tests/sim/observer.h"

namespace convoke::sim {

struct Verdict {
  std::string oracle;
  std::string what;
  Instant at{};
};

class Court {
 public:
  Court(const SimClock& clock, Ledger& ledger) : clock_(clock), ledger_(ledger) {}

  void red(std::string oracle, std::string what) {
    if (!verdict_) verdict_ = Verdict{std::move(oracle), std::move(what), clock_.now()};
  }
  [[nodiscard]] const std::optional<Verdict>& verdict() const { return verdict_; }
  [[nodiscard]] Instant now() const { return clock_.now(); }
  [[nodiscard]] Ledger& ledger() { return ledger_; }

 private:
  const SimClock& clock_;
  Ledger& ledger_;
  std::optional<Verdict> verdict_;
};

}  // namespace convoke::sim
