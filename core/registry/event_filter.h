// Which CloudEvents set a trigger off: one attribute of the event, and what its value must be.
// Pure.
//
// In a triggerConfig they are written as CloudEvents Subscriptions writes its filters, and all of
// them must fit:
//
//   "filters": [{"exact": {"type": "com.example.order"}}, {"prefix": {"subject": "eu/"}}]
//
// Its other dialects (all, any, not, sql) are not offered.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace convoke {

inline constexpr std::size_t kEventFiltersMax = 20;             // of a trigger; ours
inline constexpr std::size_t kEventFilterBytesMax = 1024;       // of a value; ours
inline constexpr std::size_t kEventAttributeNameBytesMax = 64;  // ours; the standard says about 20

enum class EventMatch : std::uint8_t { kExact, kPrefix, kSuffix };
inline constexpr std::array kEventMatches = {EventMatch::kExact, EventMatch::kPrefix,
                                             EventMatch::kSuffix};

struct EventFilter {
  EventMatch match = EventMatch::kExact;
  std::string attribute;
  std::string value;
  friend bool operator==(const EventFilter&, const EventFilter&) = default;

  [[nodiscard]] bool fits(std::string_view actual) const;
};

[[nodiscard]] std::string_view name_of(EventMatch match);  // "exact", "prefix", "suffix"
// Lower-case letters and digits alone, kEventAttributeNameBytesMax at most.
[[nodiscard]] bool is_event_attribute(std::string_view name);

// As rows keep them: "prefix subject eu/", a line for each; no value has a line feed in it. What is
// no such line is left out.
[[nodiscard]] std::string as_lines(const std::vector<EventFilter>& filters);
[[nodiscard]] std::vector<EventFilter> filters_from_lines(std::string_view lines);

}  // namespace convoke
