// Whether a function's queued calls go by how it fares.
#pragma once

#include <cstdint>

namespace convoke {

enum class PaceMode : std::uint8_t {
  kAdapt,  // fewer of them at once while it has no room for more; retries within a budget
  kOff,    // as many as there are slots for, each retry after its back-off
};

inline constexpr std::uint8_t kRetryPercentDefault = 10;

struct PaceRule {
  PaceMode mode = PaceMode::kAdapt;
  // Retries for a hundred first attempts; 0: those of the steady rate alone (RetryBudget).
  std::uint8_t retry_percent = kRetryPercentDefault;  // 0 .. 100
  friend bool operator==(const PaceRule&, const PaceRule&) = default;
};

}  // namespace convoke
