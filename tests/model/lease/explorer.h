// Breadth first through all that can happen within the bounds: the shortest way to whatever should
// not.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "tests/model/lease/steps.h"

namespace convoke::lease {

struct Explored {
  std::size_t states = 0;
  std::size_t steps = 0;
  std::size_t finals = 0;
  std::size_t stuck = 0;           // from which no way without another fault leads to a final state
  bool whole = true;               // the bound on states was not reached
  std::string violated;            // "": nothing
  std::vector<std::string> trace;  // to it, or to the first that is stuck
};

inline constexpr std::size_t kStatesMax = 6'000'000;

[[nodiscard]] Explored explore(const Rules& rules, const Bounds& bounds,
                               std::size_t states_max = kStatesMax);

}  // namespace convoke::lease
