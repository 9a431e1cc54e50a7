// How often a function may stand in one lineage, and what happens when it stands there once more.
#pragma once

#include <cstdint>

namespace convoke {

enum class RecursionMode : std::uint8_t {  // on disk: never renumber
  kEnforce = 0,                            // the call is refused
  kWarn = 1,                               // it runs; what would have been is counted and logged
  kAllow = 2,  // it runs, and nothing is said: this self-reference is meant
};

inline constexpr std::uint8_t kVisitsMaxDefault = 16;
// Calls in one chain, the root included. No visit limit can be greater than that.
inline constexpr std::uint8_t kChainMax = 128;

struct RecursionRule {
  std::uint8_t limit = kVisitsMaxDefault;  // visits in one lineage: 1 .. kChainMax
  RecursionMode mode = RecursionMode::kEnforce;
  friend bool operator==(const RecursionRule&, const RecursionRule&) = default;
};

}  // namespace convoke
