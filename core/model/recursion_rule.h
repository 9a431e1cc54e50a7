// How often a function may stand in one lineage, how much a root may cause of which it is a part,
// and what happens beyond.
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

// What one root may cause in all, on every way, itself not counted. A function's budget is how much
// its root may have used up when a call of it begins.
struct Budget {
  static constexpr std::uint32_t kMin = 1;  // nothing takes 0 to mean unlimited
  static constexpr std::uint32_t kMax = 1'000'000'000;

  // 1,111 is a fan-out of ten, three deep; the next level is beyond.
  std::uint32_t invocations = 10'000;
  // Each may be tried twice. Retries multiply down a chain: where most attempts fail, this ends it
  // long before the invocations are used up.
  std::uint32_t attempts = 20'000;
  // Of all attempts together: ten instances, busy for a night of ten hours.
  std::uint32_t seconds = 360'000;
  friend bool operator==(const Budget&, const Budget&) = default;
};

struct RecursionRule {
  std::uint8_t limit = kVisitsMaxDefault;  // visits in one lineage: 1 .. kChainMax
  RecursionMode mode = RecursionMode::kEnforce;
  Budget budget{};
  friend bool operator==(const RecursionRule&, const RecursionRule&) = default;
};

}  // namespace convoke
