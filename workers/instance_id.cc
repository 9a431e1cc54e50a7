#include "workers/instance_id.h"

#include <fmt/format.h>

namespace convoke {

std::string new_instance_id(Rng& rng) {
  constexpr std::uint64_t kTail = (std::uint64_t{1} << 48) - 1;
  return fmt::format("c-{:08x}-{:012x}", rng.next() >> 32, rng.next() & kTail);
}

}  // namespace convoke
