#include "queue/history/shown.h"

namespace convoke::history {
namespace {

constexpr WallTime kNotYet{};

CallState shown_state(const Record& record, const Held* held) {
  return held == nullptr ? record.state : held->state;
}

bool matches_start(const ListQuery& list, const Record& record, const Held* held) {
  if (!list.started_begin && !list.started_end) return true;
  const WallTime started =
      held == nullptr || held->started == WallTime{} ? record.started : held->started;
  if (started == WallTime{}) return false;
  if (list.started_begin && started < *list.started_begin) return false;
  return !list.started_end || started <= *list.started_end;
}

}  // namespace

CallState state_after(Settlement settlement) {
  switch (settlement) {
    case Settlement::kSucceeded:
      return CallState::kSucceeded;
    case Settlement::kFailed:
      return CallState::kFailed;
    case Settlement::kStopped:
      return CallState::kStopped;
    case Settlement::kExpired:
      return CallState::kExpired;
    case Settlement::kInvalid:
      return CallState::kInvalid;
  }
  return CallState::kInvalid;
}

bool matches(const ListQuery& list, const Record& record, const Held* held) {
  if (record.name.empty() || !record.name.starts_with(list.name_prefix)) return false;
  if (list.qualifier && record.qualifier != *list.qualifier) return false;
  if (list.state && shown_state(record, held) != *list.state) return false;
  return matches_start(list, record, held);
}

std::uint64_t events_of(const AttemptReport& report) {
  return 1U + (report.dequeued != kNotYet ? 1U : 0U) + (report.started != kNotYet ? 1U : 0U);
}

void show_attempts(Record& record, const std::vector<Attempt>& attempts) {
  record.events.push_back({1, CallState::kEnqueued, record.accepted, {}});
  for (const Attempt& attempt : attempts) {
    const AttemptReport& report = attempt.report;
    std::uint64_t id = attempt.first_event;
    if (report.dequeued != kNotYet)
      record.events.push_back({id++, CallState::kDequeued, report.dequeued, {}});
    if (report.started != kNotYet)
      record.events.push_back({id++, CallState::kRunning, report.started, {}});
    record.events.push_back({id, attempt.became, attempt.ended, report.error});
    record.error = report.error;
    record.message = report.message;
    if (report.dequeued == kNotYet) continue;  // it ended where it waited
    record.instance_id = report.instance_id;
    record.duration = report.duration;
  }
}

void show_under_way(Record& record, std::uint64_t events, const Held& held) {
  record.state = held.state;
  std::uint64_t id = events;
  if (held.dequeued != kNotYet)
    record.events.push_back({++id, CallState::kDequeued, held.dequeued, {}});
  if (held.started != kNotYet) {
    record.started = held.started;
    record.instance_id = held.instance_id;
    record.duration = Millis{};
    record.events.push_back({++id, CallState::kRunning, held.started, {}});
  }
  if (held.stopping != kNotYet)
    record.events.push_back({++id, CallState::kStopping, held.stopping, {}});
}

}  // namespace convoke::history
