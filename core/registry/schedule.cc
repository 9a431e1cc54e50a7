#include "core/registry/schedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "core/model/trimmed.h"
#include "core/registry/shown.h"

namespace convoke {
namespace {

using Kind = LocalLookup::Kind;

constexpr std::string_view kEvery = "@every ";
constexpr std::string_view kZone = "CRON_TZ=";
constexpr Seconds kSecond{1};

std::optional<Seconds> unit_of(char letter) {
  switch (letter) {
    case 's':
      return kSecond;
    case 'm':
      return std::chrono::minutes{1};
    case 'h':
      return std::chrono::hours{1};
    case 'd':
      return std::chrono::hours{24};
    default:
      return std::nullopt;
  }
}

// "1h30m", without a sign or a fraction; nullopt: it is none, or longer than any that is allowed.
std::optional<Seconds> duration_of(std::string_view text) {
  Seconds sum{};
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    std::uint32_t count = 0;
    const auto [stopped, problem] = std::from_chars(at, end, count);
    if (problem != std::errc() || stopped == end) return std::nullopt;
    const auto unit = unit_of(*stopped);
    if (!unit) return std::nullopt;
    sum += count * *unit;
    if (sum > kEveryMax) return std::nullopt;
    at = stopped + 1;
  }
  return sum;
}

}  // namespace

Result<Schedule> Schedule::parse(std::string_view text) {
  text = trimmed(text);
  if (text.starts_with(kEvery)) return parse_every(trimmed(text.substr(kEvery.size())));
  TimeZone zone;
  if (text.starts_with(kZone)) {
    const std::size_t end = std::min(text.find(' '), text.size());
    auto found = TimeZone::find(text.substr(kZone.size(), end - kZone.size()));
    if (!found) return found.error();
    zone = *found;
    text = text.substr(end);
  }
  auto fields = parse_cron(text);
  if (!fields) return fields.error();
  return Schedule(Cron{*fields, zone});
}

Result<Schedule> Schedule::parse_every(std::string_view text) {
  const auto interval = duration_of(text);
  if (interval && *interval >= kEveryMin) return Schedule(Every{*interval});
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("@every is set to an invalid value (allowed: 1s to 366d, with the units "
                           "s, m, h and d, as 90s or 1h30m; actual: '{}')",
                           shown(text))};
}

std::optional<WallTime> Schedule::next(WallTime after, WallTime since) const {
  if (const auto* const every = std::get_if<Every>(&what_)) return next(*every, after, since);
  return next(std::get<Cron>(what_), after);
}

WallTime Schedule::next(const Every& every, WallTime after, WallTime since) {
  const WallTime start = std::chrono::floor<Seconds>(since);
  if (after < start) return start + every.interval;
  return start + ((after - start) / every.interval + 1) * every.interval;
}

std::optional<WallTime> Schedule::next(const Cron& cron, WallTime after) {
  const LocalTime here = cron.zone.local(after);
  const auto onwards = first_from(cron, here + kSecond, after);
  const LocalLookup now = cron.zone.look_up(here);
  if (!cron.fields.every_hour() || now.kind != Kind::kTwice || after >= now.shift) return onwards;
  // The hour that is to come again: an earlier local time may be next.
  const auto again = first_from(cron, cron.zone.local(now.shift), now.shift - kSecond);
  return onwards && again ? std::min(*onwards, *again) : (onwards ? onwards : again);
}

// Of local times from `from` on, none of which was due before.
std::optional<WallTime> Schedule::first_from(const Cron& cron, LocalTime from, WallTime after) {
  while (const auto match = first_match(cron.fields, from)) {
    const LocalLookup at = cron.zone.look_up(*match);
    if (at.kind == Kind::kSkipped && !cron.fields.every_hour()) return at.shift;
    if (at.kind == Kind::kSkipped) {
      from = cron.zone.local(at.shift);
      continue;
    }
    if (at.kind == Kind::kOnce || at.first > after) return at.first;
    if (at.kind == Kind::kTwice && cron.fields.every_hour()) return at.second;
    from = cron.zone.local(at.shift - kSecond) + kSecond;  // behind what came twice
  }
  return std::nullopt;
}

std::optional<WallTime> Schedule::last(WallTime after, WallTime until, WallTime since) const {
  const auto due_behind = [&](WallTime time) {
    const auto due = next(time, since);
    return due && *due <= until ? due : std::nullopt;
  };
  std::optional<WallTime> found = due_behind(after);
  if (!found) return std::nullopt;
  // `found` is a due time, behind `none` there is none.
  for (WallTime none = until; none - *found > kSecond;) {
    const WallTime middle = *found + (none - *found) / 2;
    if (const auto due = due_behind(middle)) {
      found = due;
    } else {
      none = middle;
    }
  }
  // Whole seconds: what is left is at most one that is a second later.
  if (const auto due = due_behind(*found)) found = due;
  return found;
}

}  // namespace convoke
