#include "core/registry/event_filter.h"

#include <algorithm>

#include "core/registry/lines.h"

namespace convoke {
namespace {

std::string_view take_word(std::string_view& line) {
  const std::string_view word = line.substr(0, line.find(' '));
  line.remove_prefix(std::min(word.size() + 1, line.size()));
  return word;
}

std::optional<EventFilter> filter_from(std::string_view line) {
  const std::string_view name = take_word(line);
  const std::string_view attribute = take_word(line);
  for (const EventMatch match : kEventMatches) {
    if (name == name_of(match))
      return EventFilter{match, std::string(attribute), std::string(line)};
  }
  return std::nullopt;
}

}  // namespace

bool EventFilter::fits(std::string_view actual) const {
  switch (match) {
    case EventMatch::kExact:
      return actual == value;
    case EventMatch::kPrefix:
      return actual.starts_with(value);
    case EventMatch::kSuffix:
      return actual.ends_with(value);
  }
  return false;
}

std::string_view name_of(EventMatch match) {
  constexpr std::array<std::string_view, kEventMatches.size()> kNames = {"exact", "prefix",
                                                                         "suffix"};
  return kNames[static_cast<std::size_t>(match)];
}

bool is_event_attribute(std::string_view name) {
  return !name.empty() && name.size() <= kEventAttributeNameBytesMax &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); });
}

std::string as_lines(const std::vector<EventFilter>& filters) {
  std::string lines;
  for (const EventFilter& filter : filters) {
    ((lines += name_of(filter.match)) += ' ') += filter.attribute;
    ((lines += ' ') += filter.value) += '\n';
  }
  return lines;
}

std::vector<EventFilter> filters_from_lines(std::string_view lines) {
  std::vector<EventFilter> filters;
  for (const std::string& line : from_lines(lines)) {
    if (auto filter = filter_from(line)) filters.push_back(*std::move(filter));
  }
  return filters;
}

}  // namespace convoke
