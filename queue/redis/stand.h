// How a function's calls stand, as every script that changes it says at its end.
#pragma once

#include <cstdint>
#include <optional>

#include "core/model/instant.h"
#include "queue/redis/keys.h"
#include "queue/redis/reply.h"
#include "queue/redis/transaction.h"

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

// The same asked without a script, at the end of a transaction whose answer it is told from.
void ask_stand(Transaction& transaction, const FunctionKeys& keys);
inline constexpr std::size_t kStandReplies = 4;
[[nodiscard]] std::optional<Stand> asked_stand(const Reply& answer);

}  // namespace convoke::redis
