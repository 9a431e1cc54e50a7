#include "queue/redis/record.h"

#include <algorithm>

#include "queue/redis/bytes.h"

namespace convoke::redis {
namespace {

constexpr std::size_t kRecordHeadSize = 35;
constexpr std::size_t kAttemptHeadSize = 26;  // to the length of the first text
constexpr std::size_t kNoteHeadSize = 42;
constexpr std::uint32_t kAttemptNumbers = 1U << 16;

CallState state_of(std::uint64_t number) {
  return static_cast<CallState>(std::min<std::uint64_t>(number, kCallStates - 1));
}

void put_text(std::string& out, std::string_view text) {
  text = text.substr(0, 255);
  put(out, text.size(), 1);
  out.append(text);
}

// The text behind its length, of which `bytes` is rid.
std::string_view take_text(std::string_view& bytes) {
  const std::size_t size = get(bytes, 0, 1);
  bytes.remove_prefix(std::min<std::size_t>(bytes.size(), 1));
  const std::string_view text = bytes.substr(0, size);
  bytes.remove_prefix(text.size());
  return text;
}

}  // namespace

std::optional<KeptRecord> parse_record(FunctionId function, const CallId& id,
                                       std::string_view bytes) {
  if (bytes.size() < kRecordHeadSize) return std::nullopt;
  const std::size_t qualifier = get(bytes, 33, 1);
  const std::size_t name = get(bytes, 34, 1);
  if (bytes.size() - kRecordHeadSize < qualifier + name) return std::nullopt;
  KeptRecord kept;
  kept.events = get(bytes, 27, 4);
  kept.attempts = static_cast<std::uint32_t>(get(bytes, 31, 2));
  history::Record& record = kept.record;
  record.id = id;
  record.function = function;
  record.state = state_of(get(bytes, 0, 1));
  record.accepted = get_wall(bytes, 1);
  record.due = get_wall(bytes, 7);
  record.started = get_wall(bytes, 13);
  record.ended = get_wall(bytes, 19);
  record.retries = static_cast<std::uint32_t>(get(bytes, 25, 2));
  bytes.remove_prefix(kRecordHeadSize);
  record.qualifier = bytes.substr(0, qualifier);
  record.name = bytes.substr(qualifier, name);
  record.destination_status = bytes.substr(qualifier + name);
  return kept;
}

std::string encode_attempt(CallState became, WallTime ended, const AttemptReport& report) {
  std::string out;
  put(out, static_cast<std::uint64_t>(became), 1);
  put(out, std::max(ended, wall_from_ms(1)));  // 0 is: it has not ended
  put(out, report.dequeued);
  put(out, report.started);
  put(out, static_cast<std::uint64_t>(std::max<std::int64_t>(report.duration.count(), 0)), 6);
  put_text(out, report.instance_id);
  put_text(out, report.error);
  return out.append(std::string_view(report.message).substr(0, kReportMessageMax));
}

std::optional<history::Attempt> parse_attempt(std::string_view bytes) {
  if (bytes.size() < 4 + kAttemptHeadSize) return std::nullopt;
  history::Attempt attempt;
  attempt.first_event = get(bytes, 0, 4);
  bytes.remove_prefix(4);
  attempt.became = state_of(get(bytes, 0, 1));
  attempt.ended = get_wall(bytes, 1);
  AttemptReport& report = attempt.report;
  report.dequeued = get_wall(bytes, 7);
  report.started = get_wall(bytes, 13);
  report.duration = Millis{static_cast<std::int64_t>(get(bytes, 19, 6))};
  bytes.remove_prefix(25);
  report.instance_id = take_text(bytes);
  report.error = take_text(bytes);
  report.message = bytes;
  return attempt;
}

std::vector<std::string> attempt_fields(const CallId& id, std::uint32_t attempts) {
  std::vector<std::string> fields;
  for (std::uint32_t i = std::min(attempts, history::kAttemptsKept); i > 0; --i) {
    std::string field(bytes_of(id));
    put(field, (attempts + kAttemptNumbers - i) % kAttemptNumbers, 2);
    fields.push_back(std::move(field));
  }
  return fields;
}

std::string encode_result(std::string_view result, bool cut) {
  if (result.empty() && !cut) return {};
  std::string out;
  put(out, cut || result.size() > kResultMax ? 1 : 0, 1);
  return out.append(result.substr(0, kResultMax));
}

void parse_result(std::string_view bytes, history::Record& record) {
  if (bytes.empty()) return;
  record.result_cut = get(bytes, 0, 1) != 0;
  record.result = bytes.substr(1);
}

std::string encode_note(const UnderWayNote& note) {
  std::string out;
  put(out, note.incarnation, 8);
  put(out, note.place.ms, 8);
  put(out, note.place.sequence, 8);
  put(out, note.held.dequeued);
  put(out, note.held.started);
  put(out, note.held.stopping);
  return out.append(std::string_view(note.held.instance_id).substr(0, kReportTextMax));
}

std::optional<UnderWayNote> parse_note(std::string_view bytes) {
  if (bytes.size() < kNoteHeadSize) return std::nullopt;
  UnderWayNote note;
  note.incarnation = get(bytes, 0, 8);
  note.place = {get(bytes, 8, 8), get(bytes, 16, 8)};
  history::Held& held = note.held;
  held.dequeued = get_wall(bytes, 24);
  held.started = get_wall(bytes, 30);
  held.stopping = get_wall(bytes, 36);
  held.instance_id = bytes.substr(kNoteHeadSize);
  const WallTime never{};
  held.state = held.stopping != never  ? CallState::kStopping
               : held.started != never ? CallState::kRunning
                                       : CallState::kDequeued;
  return note;
}

}  // namespace convoke::redis
