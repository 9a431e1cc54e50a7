// What records say for the history alone: the report of an attempt, and all of how a call ended.
// Pure; FORMAT.md gives the bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/model/ids.h"
#include "core/model/instant.h"
#include "queue/queue.h"

namespace convoke::journal {

// Behind the fixed part of an attempt record.
struct AttemptTold {
  WallTime at{};
  AttemptReport report;
};

// Behind the fixed part of a finished record.
struct EndTold {
  FunctionId function;
  WallTime accepted{};
  WallTime due{};
  std::uint32_t retries = 0;
  AttemptReport report;
  std::string qualifier;
  std::string name;
  std::string destination_status;
  std::string result;
  bool result_cut = false;
  std::shared_ptr<const std::string> event;  // of a call without a name that failed; else null
};

void append(std::string& out, const AttemptTold& told);
void append(std::string& out, const EndTold& told);

// From what stands behind the fixed part, padding included; nullopt: its fields contradict it.
[[nodiscard]] std::optional<AttemptTold> attempt_told(std::string_view bytes);
[[nodiscard]] std::optional<EndTold> end_told(std::string_view bytes);

}  // namespace convoke::journal
