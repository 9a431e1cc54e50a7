#include "core/registry/cron.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <span>
#include <string>

#include "core/registry/shown.h"

namespace convoke {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::local_days;
using std::chrono::year_month_day;

constexpr days kSearched{9 * 366};

constexpr std::array<std::string_view, 12> kMonths = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                                      "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
constexpr std::array<std::string_view, 7> kWeekdays = {"SUN", "MON", "TUE", "WED",
                                                       "THU", "FRI", "SAT"};

struct Field {
  std::string_view name;
  unsigned min;
  unsigned max;
  std::span<const std::string_view> names;  // of the values from `min` on
  bool of_days = false;                     // `?` is allowed
};
constexpr std::array<Field, 6> kFields = {{
    {"seconds", 0, 59, {}},
    {"minutes", 0, 59, {}},
    {"hours", 0, 23, {}},
    {"day of the month", 1, 31, {}, true},
    {"month", 1, 12, kMonths},
    {"day of the week", 0, 7, kWeekdays, true},
}};

bool same_letters(std::string_view text, std::string_view upper) {
  if (text.size() != upper.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((text[i] & ~0x20) != upper[i]) return false;
  }
  return true;
}

std::optional<unsigned> number(std::string_view text) {
  unsigned value = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, problem] = std::from_chars(text.data(), end, value);
  if (text.empty() || problem != std::errc() || stopped != end) return std::nullopt;
  return value;
}

std::optional<unsigned> value_of(std::string_view text, const Field& field) {
  for (unsigned i = 0; i < field.names.size(); ++i) {
    if (same_letters(text, field.names[i])) return field.min + i;
  }
  const auto value = number(text);
  if (!value || *value < field.min || *value > field.max) return std::nullopt;
  return value;
}

// The next piece of `text`, which then begins behind it and the separator.
std::string_view cut(std::string_view& text, char separator) {
  const std::size_t end = text.find(separator);
  const std::string_view piece = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  return piece;
}

bool is_any(std::string_view text, const Field& field) {
  return text == "*" || (text == "?" && field.of_days);
}

struct Range {
  unsigned from;
  unsigned to;
};
std::optional<Range> range_of(std::string_view text, const Field& field, bool stepped) {
  if (is_any(text, field)) return Range{field.min, field.max};
  const bool has_end = text.find('-') != std::string_view::npos;
  const auto from = value_of(cut(text, '-'), field);
  if (!from) return std::nullopt;
  if (!has_end) return Range{*from, stepped ? field.max : *from};
  const auto to = value_of(text, field);
  if (!to || *to < *from) return std::nullopt;
  return Range{*from, *to};
}

std::optional<std::uint64_t> item_bits(std::string_view item, const Field& field) {
  const bool stepped = item.find('/') != std::string_view::npos;
  const auto range = range_of(cut(item, '/'), field, stepped);
  const auto step = stepped ? number(item) : std::optional<unsigned>(1);
  if (!range || !step || *step == 0) return std::nullopt;
  std::uint64_t bits = 0;
  for (unsigned value = range->from; value <= range->to; value += std::min(*step, 64U)) {
    bits |= 1UL << value;
  }
  return bits;
}

std::optional<std::uint64_t> field_bits(std::string_view text, const Field& field) {
  if (text.empty() || text.back() == ',') return std::nullopt;
  std::uint64_t bits = 0;
  while (!text.empty()) {
    const auto item = item_bits(cut(text, ','), field);
    if (!item) return std::nullopt;
    bits |= *item;
  }
  return bits;
}

Error wrong_field(const Field& field, std::string_view value) {
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("'{}' in a cron expression is set to an invalid value (allowed: {} "
                           "to {}{}, lists 1,2, ranges 1-2, steps /2, *{}; actual: '{}')",
                           field.name, field.min, field.max,
                           field.names.empty() ? std::string()
                                               : fmt::format(" or {} to {}", field.names.front(),
                                                             field.names.back()),
                           field.of_days ? ", ?" : "", shown(value))};
}

bool says_nothing(std::string_view text) { return text.front() == '*' || text.front() == '?'; }

bool matches_day(const CronFields& fields, local_days day, const year_month_day& date) {
  const unsigned weekday = std::chrono::weekday(day).c_encoding();
  const bool in_days = (fields.days >> static_cast<unsigned>(date.day()) & 1) != 0;
  const bool in_weekdays = (fields.weekdays >> weekday & 1) != 0;
  if (fields.any_day || fields.any_weekday) return in_days && in_weekdays;
  return in_days || in_weekdays;
}

bool matches_month(const CronFields& fields, const year_month_day& date) {
  return (fields.months >> static_cast<unsigned>(date.month()) & 1) != 0;
}

// The first bit from `from` on; 64: none.
unsigned first_bit(std::uint64_t bits, unsigned from) {
  return from > 63 ? 64U : static_cast<unsigned>(std::countr_zero(bits >> from << from));
}

// The first second of a day from there on that the fields mean, the date aside.
std::optional<Seconds> first_in_day(const CronFields& fields, Seconds from) {
  const auto count = static_cast<unsigned>(from.count());
  unsigned hour = count / 3600;
  unsigned minute = count / 60 % 60;
  unsigned second = first_bit(fields.seconds, count % 60);
  if (second == 64) {
    second = first_bit(fields.seconds, 0);
    ++minute;
  }
  unsigned at = first_bit(fields.minutes, minute);
  if (at != minute) second = first_bit(fields.seconds, 0);
  if (at == 64) ++hour;
  minute = at;
  at = first_bit(fields.hours, hour);
  if (at == 64) return std::nullopt;
  if (at != hour || minute == 64) {
    minute = first_bit(fields.minutes, 0);
    second = first_bit(fields.seconds, 0);
  }
  return Seconds{at * 3600 + minute * 60 + second};
}

}  // namespace

bool matches(const CronFields& fields, LocalTime time) {
  const local_days day = floor<days>(time);
  const year_month_day date(day);
  const auto count = static_cast<unsigned>((time - day).count());
  return matches_month(fields, date) && matches_day(fields, day, date) &&
         (fields.hours >> (count / 3600) & 1) != 0 &&
         (fields.minutes >> (count / 60 % 60) & 1) != 0 &&
         (fields.seconds >> (count % 60) & 1) != 0;
}

std::optional<LocalTime> first_match(const CronFields& fields, LocalTime from) {
  local_days day = floor<days>(from);
  const local_days last = day + kSearched;
  Seconds within = from - day;
  while (day <= last) {
    const year_month_day date(day);
    if (!matches_month(fields, date)) {
      day = local_days((date.year() / date.month() + std::chrono::months{1}) / std::chrono::day{1});
      within = Seconds{};
      continue;
    }
    const auto found = matches_day(fields, day, date) ? first_in_day(fields, within) : std::nullopt;
    if (found) return day + *found;
    day += days{1};
    within = Seconds{};
  }
  return std::nullopt;
}

Result<CronFields> parse_cron(std::string_view text) {
  std::array<std::string_view, kFields.size()> words;
  std::size_t count = 0;
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view word = cut(rest, ' ');
    if (word.empty()) continue;
    if (count < words.size()) words[count] = word;
    ++count;
  }
  if (count != words.size()) {
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("a cron expression has six fields (seconds, minutes, hours, day of "
                             "the month, month, day of the week); '{}' has {}",
                             shown(text), count)};
  }
  std::array<std::uint64_t, kFields.size()> bits{};
  for (std::size_t i = 0; i < kFields.size(); ++i) {
    const auto found = field_bits(words[i], kFields[i]);
    if (!found) return wrong_field(kFields[i], words[i]);
    bits[i] = *found;
  }
  CronFields fields{bits[0], bits[1], bits[2], bits[3], bits[4], bits[5]};
  if ((fields.weekdays >> 7 & 1) != 0) fields.weekdays = (fields.weekdays | 1) & 0x7f;
  fields.any_day = says_nothing(words[3]);
  fields.any_weekday = says_nothing(words[5]);
  const LocalTime leap_year = local_days(std::chrono::year{2096} / 1 / 1);
  if (!first_match(fields, leap_year)) {
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("the cron expression '{}' means no day that there is", shown(text))};
  }
  return fields;
}

}  // namespace convoke
