// Events that are too large for an entry of a stream: they lie apart, in pieces, under a key of
// their own (SCHEMA.md), and the entry has a reference in their place. Pure.
//
// What an entry holds is copied by every script that touches it, and held by the server's buffers
// for as long; a piece is moved by one command, and no other command waits for more than that.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/model/ids.h"

namespace convoke::redis {

struct ApartRules {
  // Larger ones lie apart. What Function Compute takes does not, so that it is accepted by one
  // command as ever.
  std::size_t entry_bytes_max = 128UL << 10;
  std::size_t piece_bytes = 256UL << 10;
};

// How it lies there: all pieces are of one size, but the last.
struct ApartEvent {
  std::uint32_t bytes = 0;
  std::uint32_t piece_bytes = 0;

  [[nodiscard]] std::size_t pieces() const { return (bytes + piece_bytes - 1UL) / piece_bytes; }
};

// As it stands in an entry, behind its texts: two numbers of 4 bytes, big-endian.
[[nodiscard]] std::string encode(const ApartEvent& event);
// nullopt: no reference of ours.
[[nodiscard]] std::optional<ApartEvent> parse_apart(std::string_view reference);
// The id as the key of its event ends: 32 hex digits.
[[nodiscard]] std::string apart_id(const CallId& id);

}  // namespace convoke::redis
