// How much of a function's limit an engine asks for, and what it leaves to others. Pure.
//
// The limit's slot on the server sees to it that the parts never sum up to more than the limit;
// these rules only say who should have how much. All numbers are places for instances.
#pragma once

#include <cstdint>

namespace convoke {

// What is going on here.
struct Demand {
  std::uint32_t places = 0;  // taken by instances, be they starting, busy or idle
  std::uint32_t busy = 0;    // of those, by ones that are needed
  bool waits = false;        // somebody waits for a place
};

// What the server said of the others.
struct Rivals {
  std::uint32_t wanting = 0;   // engines that have places or want some
  std::uint32_t hungry = 0;    // places that they want and have not got
  std::uint32_t starving = 0;  // engines that want some and have none
};

// To ask for: what is used, and while somebody waits twice as much each time, so that a burst has
// its places after a few questions.
[[nodiscard]] std::uint32_t places_wanted(const Demand& demand, std::uint32_t share,
                                          std::uint32_t limit);

// To keep while others are hungry: no more than is needed; and of what is needed everywhere, an
// equal part. Where there are fewer places than engines, `tenure_over` lets the next one have them.
[[nodiscard]] std::uint32_t places_kept(const Demand& demand, std::uint32_t share,
                                        std::uint32_t limit, const Rivals& rivals,
                                        bool tenure_over);

}  // namespace convoke
