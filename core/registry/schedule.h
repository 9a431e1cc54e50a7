// When a timer falls due. Pure, once its time zone has been read.
//
//   "@every 1h30m"                        each so often, from when the timer was last changed
//   "0 0 4 * * *"                         six fields of cron.h, in UTC
//   "CRON_TZ=Asia/Shanghai 0 0 4 * * *"   in a time zone
//
// When the clocks are changed. Fields that name hours speak of the day: a time that the clocks skip
// is due once, at the moment of the change, and one that comes twice is due the first time alone.
// So "0 30 2 * * *" fires once on each day of the year. Fields that take every hour speak of
// intervals: they follow time as it passes, so "0 30 * * * *" fires each 60 minutes through both
// changes.
//
// Due times are whole seconds, and each differs from the one before.
#pragma once

#include <optional>
#include <string_view>
#include <variant>

#include "core/model/error.h"
#include "core/model/instant.h"
#include "core/registry/cron.h"
#include "core/registry/time_zone.h"

namespace convoke {

inline constexpr Seconds kEveryMin{1};  // Function Compute: a minute
inline constexpr Seconds kEveryMax{std::chrono::hours{24 * 366}};

class Schedule {
 public:
  // InvalidArgument says which part of the text is wrong, and what it may be. Reads a time zone
  // (time_zone.h) that is met for the first time.
  [[nodiscard]] static Result<Schedule> parse(std::string_view text);

  // The first due time after `after`. `since`: when the timer was last changed; "@every" counts
  // from there. nullopt: none within nine years.
  [[nodiscard]] std::optional<WallTime> next(WallTime after, WallTime since) const;

  // The last due time after `after`, up to and with `until`.
  [[nodiscard]] std::optional<WallTime> last(WallTime after, WallTime until, WallTime since) const;

 private:
  struct Every {
    Seconds interval{};
  };
  struct Cron {
    CronFields fields;
    TimeZone zone;
  };
  explicit Schedule(std::variant<Every, Cron> what) : what_(what) {}
  [[nodiscard]] static Result<Schedule> parse_every(std::string_view text);
  [[nodiscard]] static WallTime next(const Every& every, WallTime after, WallTime since);
  [[nodiscard]] static std::optional<WallTime> next(const Cron& cron, WallTime after);
  [[nodiscard]] static std::optional<WallTime> first_from(const Cron& cron, LocalTime from,
                                                          WallTime after);

  std::variant<Every, Cron> what_;
};

}  // namespace convoke
