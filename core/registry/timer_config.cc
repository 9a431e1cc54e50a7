#include "core/registry/timer_config.h"

#include <fmt/core.h>

#include "core/registry/schedule.h"

namespace convoke {
namespace {

Error too_long(const char* member, std::size_t max, std::size_t actual) {
  return Error{
      ErrorCode::kInvalidArgument,
      fmt::format("triggerConfig.{} is too long (max: {} bytes, actual: {})", member, max, actual)};
}

}  // namespace

Result<void> check_timer_config(const TimerTrigger& timer) {
  const std::string& expression = timer.cron_expression;
  if (timer.payload.size() > kTriggerPayloadBytesMax)
    return too_long("payload", kTriggerPayloadBytesMax, timer.payload.size());
  if (expression.size() > kCronExpressionBytesMax)
    return too_long("cronExpression", kCronExpressionBytesMax, expression.size());
  if (const auto schedule = Schedule::parse(expression); !schedule)
    return Error{ErrorCode::kInvalidArgument,
                 "triggerConfig.cronExpression: " + schedule.error().message};
  return {};
}

}  // namespace convoke
