// Stateful invocations as clients see them (fc-contract "Stateful async invocations": times are
// integers, ms since the epoch; endTime 0 while it has not ended). Pure.
#pragma once

#include <optional>
#include <string_view>

#include "core/model/json_writer.h"
#include "core/observe/explanation.h"
#include "core/registry/directory.h"
#include "queue/history/record.h"

namespace convoke {

enum class ShowPayload : bool { kNo, kYes };

// A deleted function's names are shown empty. `why` (ours): of a call that has not ended.
void write_record(const history::Record& record, const Directory& directory, ShowPayload payload,
                  JsonWriter& writer, const std::optional<Explanation>& why = std::nullopt);
[[nodiscard]] std::optional<CallState> call_state_named(std::string_view name);

}  // namespace convoke
