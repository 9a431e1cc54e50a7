#include "core/registry/timer_config.h"

#include <fmt/core.h>

#include <cstddef>
#include <string_view>

#include "core/registry/shown.h"

namespace convoke {
namespace {

std::size_t words_in(std::string_view text) {
  std::size_t words = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != ' ' && (i == 0 || text[i - 1] == ' ')) ++words;
  }
  return words;
}

bool has_shape(std::string_view expression) {
  if (expression.size() > kCronExpressionBytesMax) return false;
  if (expression.starts_with("@every ")) return words_in(expression) == 2;
  const std::size_t zone = expression.starts_with("CRON_TZ=") ? 1 : 0;
  return words_in(expression) == zone + 6;
}

}  // namespace

Result<void> check_timer_config(const TimerTrigger& timer) {
  if (timer.payload.size() > kTriggerPayloadBytesMax)
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("triggerConfig.payload is too long (max: {} bytes, actual: {})",
                             kTriggerPayloadBytesMax, timer.payload.size())};
  if (has_shape(timer.cron_expression)) return {};
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("triggerConfig.cronExpression is set to an invalid value (allowed: "
                           "'@every 5m', or six fields as in 'CRON_TZ=Asia/Shanghai 0 0 4 * * *', "
                           "actual: '{}')",
                           shown(timer.cron_expression))};
}

}  // namespace convoke
