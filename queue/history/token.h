// Where a page ended, as a text that the client hands back. Pure.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/model/instant.h"
#include "queue/history/record.h"

namespace convoke::history {

// A place in the order of lists: by accept time, then by the number of the row.
struct Position {
  WallTime accepted{};
  std::int64_t number = 0;
  friend auto operator<=>(const Position&, const Position&) = default;  // NOLINT: no pointer here
};

// The same where rows have no numbers: by accept time, then by id.
struct Place {
  WallTime accepted{};
  CallId id;
  friend auto operator<=>(const Place&, const Place&) = default;  // NOLINT: no pointer here
};

// Tells queries apart, so that a token is refused where it was not made. Of all that selects and
// orders; not of limit and payload, which may change from page to page.
[[nodiscard]] std::uint64_t fingerprint_of(const ListQuery& query);
[[nodiscard]] std::uint64_t fingerprint_of(const FailedQuery& query);

// 48 hexadecimal digits.
[[nodiscard]] std::string token_for(const Position& last, std::uint64_t query);
// nullopt: no token, or of another query.
[[nodiscard]] std::optional<Position> position_in(std::string_view token, std::uint64_t query);

// 32 hexadecimal digits and an id.
[[nodiscard]] std::string token_for(const Place& last, std::uint64_t query);
[[nodiscard]] std::optional<Place> place_in(std::string_view token, std::uint64_t query);

}  // namespace convoke::history
