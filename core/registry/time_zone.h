// A time zone of the IANA's by its name ("Asia/Shanghai"), as this machine has it under
// /usr/share/zoneinfo (or $TZDIR). Google's cctz reads the files and knows the rules beyond them.
//
// find() reads a file of a few KB when a zone is first asked for, and blocks for as long; all else
// is a look into memory. A zone is a value; any thread.
#pragma once

#include <cctz/time_zone.h>

#include <string_view>

#include "core/model/error.h"
#include "core/model/instant.h"
#include "core/registry/cron.h"

namespace convoke {

inline constexpr std::size_t kZoneNameBytesMax = 64;

// When a local time is.
struct LocalLookup {
  enum class Kind : std::uint8_t {
    kOnce,
    kSkipped,  // never: the clocks were put forward over it
    kTwice,    // it came again when the clocks had been put back
  };
  Kind kind = Kind::kOnce;
  WallTime first{};   // of kOnce and kTwice
  WallTime second{};  // of kTwice
  WallTime shift{};   // when the clocks are changed; of kSkipped and kTwice
};

class TimeZone {
 public:
  TimeZone() : zone_(cctz::utc_time_zone()) {}  // UTC, which needs no file

  // InvalidArgument: there is none of this name here.
  [[nodiscard]] static Result<TimeZone> find(std::string_view name);

  [[nodiscard]] LocalTime local(WallTime time) const;  // whole seconds, rounded down
  [[nodiscard]] LocalLookup look_up(LocalTime time) const;

 private:
  explicit TimeZone(cctz::time_zone zone) : zone_(zone) {}
  cctz::time_zone zone_;
};

}  // namespace convoke
