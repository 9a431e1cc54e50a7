// The one draw of true randomness: everything else is forked from an Rng seeded with it.
#pragma once

#include <cstdint>

namespace convoke {

[[nodiscard]] std::uint64_t entropy_seed();  // from the kernel; any thread

}  // namespace convoke
