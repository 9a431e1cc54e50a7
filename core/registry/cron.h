// A cron expression's six fields: seconds first, then minutes, hours, day of the month, month, day
// of the week. Pure, and without a time zone: core/registry/schedule.h puts them into one.
//
//   field   a list of items with commas between
//   item    `*`, a value, a range `1-5`, each perhaps with a step `/n`; `3/n` goes to the end
//   `?`     in either field of days: as `*`
//   names   JAN-DEC and SUN-SAT, in either case; Sunday is 0 and 7
//
// Where both fields of days say something, a day that is in either is meant, as cron has it since
// 1975: `0 0 4 1 * MON` is each first of the month and each Monday. A field that begins with `*`
// or `?` only narrows the other (`*/2` and MON: Mondays with an odd date).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/model/error.h"

namespace convoke {

// Seconds of a wall calendar, wherever it hangs.
using LocalTime = std::chrono::local_seconds;

struct CronFields {
  // A bit for each value.
  std::uint64_t seconds = 0;
  std::uint64_t minutes = 0;
  std::uint64_t hours = 0;
  std::uint64_t days = 0;  // of the month
  std::uint64_t months = 0;
  std::uint64_t weekdays = 0;  // 0: Sunday
  bool any_day = true;         // of the month: the field begins with `*` or `?`
  bool any_weekday = true;

  friend bool operator==(const CronFields&, const CronFields&) = default;

  [[nodiscard]] bool every_hour() const { return hours == (1UL << 24) - 1; }
};

// InvalidArgument names the field, its value and what it may be. Also where no day is ever meant
// (the 30th of February).
[[nodiscard]] Result<CronFields> parse_cron(std::string_view text);

[[nodiscard]] bool matches(const CronFields& fields, LocalTime time);

// The first second from `from` on that the fields mean. nullopt: none within nine years, which is
// longer than any two 29ths of February are apart.
[[nodiscard]] std::optional<LocalTime> first_match(const CronFields& fields, LocalTime from);

}  // namespace convoke
