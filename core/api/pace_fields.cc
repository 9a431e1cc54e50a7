#include "core/api/pace_fields.h"

#include <fmt/format.h>

#include <optional>
#include <string>

#include "core/registry/pace_config.h"
#include "core/registry/shown.h"

namespace convoke {
namespace {

Error invalid(std::string_view what) {
  return {ErrorCode::kInvalidArgument, fmt::format("paceConfig.{}", what)};
}

}  // namespace

void read_pace_config(FieldReader& reader, JsonMembers& kept) {
  reader.object(kPaceMember, [&kept](FieldReader& inner) {
    PaceRule rule;
    std::optional<std::int64_t> percent;
    std::optional<std::string> mode;
    inner.integer("retryPercent", percent);
    inner.text("mode", mode);
    if (percent && (*percent < 0 || *percent > 100)) {
      return inner.fail(invalid(fmt::format(
          "retryPercent is set to an invalid value (allowed: 0 to 100, actual: {}); for retries "
          "without a budget, set mode to off",
          *percent)));
    }
    const auto known = mode ? pace_mode(*mode) : rule.mode;
    if (!known) {
      return inner.fail(invalid(fmt::format(
          "mode is set to an invalid value (allowed: adapt, off, actual: '{}')", shown(*mode))));
    }
    if (percent) rule.retry_percent = static_cast<std::uint8_t>(*percent);
    rule.mode = *known;
    kept.insert_or_assign(std::string(kPaceMember), write_pace(rule));
  });
}

}  // namespace convoke
