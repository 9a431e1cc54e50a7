// A timer's firing, as the id of the call that it becomes. Pure.
//
// One trigger and one due time make one id, whoever makes it: a UUID of version 8 (RFC 9562), which
// no other call has. So a store sees from the id alone that it has this firing already, and what
// it has of firings can be read back from the ids.
//
//     48 bits  due, ms since 1970; as in other ids, so that calls of one time lie together
//      4       8, the version
//     12       0
//      2       the variant
//     62       the trigger, mixed with the due time: ids are spread by these bits (std::hash)
#pragma once

#include <cstdint>
#include <optional>

#include "core/model/ids.h"
#include "core/model/instant.h"

namespace convoke {

struct Firing {
  std::uint64_t trigger = 0;                                        // below 2^62
  WallTime due{};                                                   // from 1970 on, for 8,900 years
  friend auto operator<=>(const Firing&, const Firing&) = default;  // NOLINT: no pointer here
};

[[nodiscard]] CallId firing_id(const Firing& firing);
// nullopt: the id of another call.
[[nodiscard]] std::optional<Firing> firing_of(const CallId& id);

}  // namespace convoke
