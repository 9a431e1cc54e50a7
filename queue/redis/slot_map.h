// Which master has which slot, as a node of a cluster says it; and where an error sends a command.
// Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/edge/wires.h"
#include "core/model/error.h"
#include "queue/redis/reply.h"
#include "queue/redis/slot.h"

namespace convoke::redis {

inline constexpr std::size_t kMastersMax = 1'000;  // as many as Redis Cluster is made for

struct SlotMap {
  static constexpr std::uint16_t kNobody = 0xffff;

  std::vector<Address> masters;
  std::vector<std::uint16_t> owners = std::vector(kSlots, kNobody);  // slot -> which of `masters`

  [[nodiscard]] std::size_t uncovered() const;  // slots that nobody has
};

// Of CLUSTER SLOTS. `asked`: who answers; a node without a host is on the same one. Errors, in an
// operator's words: it is no such answer; a node's host is no address; two masters have one slot.
[[nodiscard]] Result<SlotMap> parse_slots(const Reply& reply, const Address& asked);

// "MOVED 3999 127.0.0.1:6381": that slot is there, from now on. "ASK ...": this one time.
struct Redirection {
  bool once = false;
  Slot slot = 0;
  Address to;
};
// nullopt: it is none that can be followed.
[[nodiscard]] std::optional<Redirection> parse_redirection(std::string_view error,
                                                           const Address& asked);

}  // namespace convoke::redis
