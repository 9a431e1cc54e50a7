#include "core/guard/shared/share_rules.h"

#include <algorithm>

namespace convoke {
namespace {

std::uint32_t needed(const Demand& demand) { return demand.busy + (demand.waits ? 1 : 0); }

}  // namespace

std::uint32_t places_wanted(const Demand& demand, std::uint32_t share, std::uint32_t limit) {
  if (!demand.waits || demand.places < share) {
    return std::min(limit, std::max(demand.places, needed(demand)));
  }
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(limit, std::max<std::uint64_t>(share + 1ULL, 2ULL * share)));
}

std::uint32_t places_kept(const Demand& demand, std::uint32_t share, std::uint32_t limit,
                          const Rivals& rivals, bool tenure_over) {
  if (rivals.hungry == 0) return share;
  const std::uint64_t engines = rivals.wanting + 1ULL;
  const auto more = static_cast<std::uint32_t>((limit + engines - 1) / engines);
  const auto less = static_cast<std::uint32_t>(limit / engines);
  const bool in_turn = rivals.starving > 0 && tenure_over;
  return std::min({share, needed(demand), in_turn ? less : more});
}

}  // namespace convoke
