// The last thing that a record needs before it is shown: what its attempts say, and what is under
// way. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "queue/history/record.h"
#include "queue/history/under_way.h"
#include "queue/queue.h"

namespace convoke::history {

// One attempt, or an end that came without one.
struct Attempt {
  std::uint64_t first_event = 0;
  AttemptReport report;
  WallTime ended{};
  CallState became = CallState::kRetrying;
};
[[nodiscard]] std::uint64_t events_of(const AttemptReport& report);  // how many it makes
[[nodiscard]] CallState state_after(Settlement settlement);

void show_attempts(Record& record, const std::vector<Attempt>& attempts);
// `events`: how many it has had so far.
void show_under_way(Record& record, std::uint64_t events, const Held& held);

// Does it belong on the list? `held`: null where it is not under way.
[[nodiscard]] bool matches(const ListQuery& list, const Record& record, const Held* held);

}  // namespace convoke::history
