#include "core/registry/time_zone.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "core/registry/shown.h"

namespace convoke {
namespace {

using Kind = LocalLookup::Kind;

bool is_name(std::string_view name) {
  const auto in_names = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' ||
           c == '_' || c == '-' || c == '+';
  };
  // "localtime" is another zone on each machine.
  return !name.empty() && name.size() <= kZoneNameBytesMax && name.front() != '/' &&
         name != "localtime" && std::all_of(name.begin(), name.end(), in_names);
}

// cctz remembers for ever each name that it was asked for: it is asked for those that exist alone.
bool is_here(const std::string& name) {
  const char* const elsewhere = std::getenv("TZDIR");
  const std::filesystem::path zones =
      elsewhere != nullptr && *elsewhere != '\0' ? elsewhere : "/usr/share/zoneinfo";
  std::error_code trouble;
  return std::filesystem::is_regular_file(zones / name, trouble);
}

WallTime wall(const cctz::time_point<cctz::seconds>& time) {
  return WallTime{Seconds{time.time_since_epoch().count()}};
}

constexpr cctz::civil_second kEpoch(1970);

}  // namespace

Result<TimeZone> TimeZone::find(std::string_view name) {
  if (name == "UTC") return TimeZone();
  cctz::time_zone zone;
  if (const std::string text(name);
      !is_name(name) || !is_here(text) || !cctz::load_time_zone(text, &zone)) {
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("CRON_TZ is set to an invalid value (allowed: UTC, or a time zone "
                             "that this machine has, as Asia/Shanghai; actual: '{}')",
                             shown(name))};
  }
  return TimeZone(zone);
}

LocalTime TimeZone::local(WallTime time) const {
  const Seconds whole = std::chrono::floor<Seconds>(time.time_since_epoch());
  const cctz::time_point<cctz::seconds> at{cctz::seconds(whole.count())};
  return LocalTime{Seconds{zone_.lookup(at).cs - kEpoch}};
}

LocalLookup TimeZone::look_up(LocalTime time) const {
  const auto found = zone_.lookup(kEpoch + time.time_since_epoch().count());
  switch (found.kind) {
    case cctz::time_zone::civil_lookup::UNIQUE:
      return {Kind::kOnce, wall(found.pre), {}, {}};
    case cctz::time_zone::civil_lookup::SKIPPED:
      return {Kind::kSkipped, {}, {}, wall(found.trans)};
    case cctz::time_zone::civil_lookup::REPEATED:
      return {Kind::kTwice, wall(found.pre), wall(found.post), wall(found.trans)};
  }
  return {};
}

}  // namespace convoke
