// How a function's calls stand, as every script that changes it says at its end.
#pragma once

#include <cstdint>
#include <optional>

#include "core/model/instant.h"
#include "queue/redis/reply.h"

namespace convoke::redis {

struct Stand {
  std::uint64_t accepted = 0;
  std::uint64_t claimed = 0;  // by whoever
  std::uint64_t settled = 0;
  std::uint64_t in_stream = 0;  // ready or claimed
  std::uint64_t delayed = 0;
  std::optional<WallTime> next_due;  // of the delayed ones

  [[nodiscard]] std::uint64_t ready() const {
    return in_stream > claimed ? in_stream - claimed : 0;
  }
  [[nodiscard]] std::uint64_t depth() const { return in_stream + delayed; }
};

// nullopt: it is none.
[[nodiscard]] std::optional<Stand> parse_stand(const Reply& reply);

}  // namespace convoke::redis
