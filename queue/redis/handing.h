// The calls of one claim on their way to the listener, in the order in which they were claimed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "queue/redis/line.h"
#include "queue/redis/store.h"

namespace convoke::redis {

struct RedisStore::Handing {
  // One whose event lies apart. It is pending at this incarnation and not held: until the event is
  // here, it is among the line's `claimed_again`.
  struct Apart {
    std::size_t at;  // its place among `calls`
    StreamId place;
    std::string entry;
    std::uint32_t deliveries;
  };

  Handing(Line& its, std::uint64_t lease_of) : line(its), lease(lease_of) {}

  Line& line;
  const std::uint64_t lease;  // of this incarnation
  std::vector<ClaimedCall> calls;
  std::vector<Apart> apart;
  std::size_t next = 0;  // of `apart`
};

}  // namespace convoke::redis
