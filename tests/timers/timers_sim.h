// Timers of two engines that share a queue, for weeks of virtual time: the engines' own timers,
// each by its own clock, and the scripts of the stand-in for a Redis server. Nobody takes the
// calls: what the server holds at the end is compared with what each schedule says.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/model/instant.h"

namespace convoke::timers_sim {

struct Plan {
  std::uint64_t seed = 1;
  std::size_t timers = 100;
  WallTime from{};
  Seconds lasts{};
  // One of the two engines dies when this much has passed, and starts again later; 0: it does not.
  Seconds dies_after{};
  Seconds stays_dead{};
  // One in so many firings has its connection cut, before or after the server has run it; 0: none.
  std::uint64_t cut_one_in = 0;
};

struct Report {
  std::uint64_t due = 0;       // due times that there were
  std::uint64_t fired = 0;     // accepted by the queue
  std::uint64_t tried = 0;     // accepts that engines asked for
  std::uint64_t missing = 0;   // due times without a call
  std::uint64_t repeated = 0;  // calls beyond the first for a due time
  std::uint64_t unasked = 0;   // calls for what was no due time
  std::uint64_t cut = 0;       // connections
  Millis latest{};             // after its due time, of all accepts
  std::string first_wrong;     // which timer and due time; "": none
};

[[nodiscard]] Report run(const Plan& plan);

}  // namespace convoke::timers_sim
