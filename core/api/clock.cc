#include "core/api/clock.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "core/api/answers.h"
#include "core/api/json.h"
#include "core/model/json_writer.h"

namespace convoke {
namespace {

Result<Millis> read_seconds(const Json& value, std::string_view name, Seconds at_most) {
  double seconds = -1;
  if (const auto* whole = value.as<std::int64_t>()) seconds = static_cast<double>(*whole);
  if (const auto* number = value.as<double>()) seconds = *number;
  const bool allowed = seconds >= 0 && seconds <= static_cast<double>(at_most.count());
  if (allowed) return Millis{std::llround(seconds * 1000)};
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("{} is set to an invalid value (allowed: a number from 0 to {}, "
                           "actual: {})",
                           name, at_most.count(), value.canonical_text())};
}

}  // namespace

Result<AdvanceOrder> read_advance(std::string body) {
  const Result<Json> json = Json::parse_object(std::move(body));
  if (!json) return json.error();
  const Json* const seconds = json->find("seconds");
  if (seconds == nullptr) {
    return Error{ErrorCode::kInvalidArgument,
                 "seconds is missing: how far the clock is to be moved, as in {\"seconds\": 60}"};
  }
  AdvanceOrder order;
  const Result<Millis> by = read_seconds(*seconds, "seconds", kAdvanceMax);
  if (!by) return by.error();
  order.by = *by;
  if (const Json* const given = json->find("patienceSeconds")) {
    const Result<Millis> patience = read_seconds(*given, "patienceSeconds", kPatienceMax);
    if (!patience) return patience.error();
    order.patience = *patience;
  }
  return order;
}

http::Response clock_answer(WallTime now, Millis advanced,
                            const std::optional<AdvanceResult>& result) {
  JsonWriter writer;
  writer.object();
  writer.key("virtual").boolean(true);
  writer.member("now", rfc3339(now)).member("nowMs", to_ms(now));
  writer.key("advancedSeconds").number(static_cast<double>(advanced.count()) / 1000);
  if (result) {
    writer.member("steps", static_cast<std::int64_t>(result->steps));
    writer.key("complete").boolean(result->complete);
  }
  return json_answer(writer.end().take());
}

Error time_is_real() {
  return Error{ErrorCode::kClockNotVirtual,
               "this engine's time is real and cannot be moved: start one with `convoke serve "
               "--virtual-clock`, to test functions"};
}

}  // namespace convoke
