#include "core/dispatch/report.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

#include "core/dispatch/queued_event.h"

namespace convoke {
namespace {

std::string_view name_of(FunctionError error) {
  switch (error) {
    case FunctionError::kHandled:
      return "HandledInvocationError";
    case FunctionError::kUnhandled:
      return "UnhandledInvocationError";
    case FunctionError::kNone:
      return "";
  }
  return "";
}

const Error* error_of(const Outcome& outcome) {
  if (outcome.error) return &*outcome.error;
  return outcome.reply.system_error ? &*outcome.reply.system_error : nullptr;
}

// A message is text wherever it is shown: cut between characters, and without what is none.
std::string message_of(std::string_view words) {
  std::size_t size = std::min(words.size(), kReportMessageMax);
  if (size < words.size()) {
    while (size > 0 && (words[size] & 0xC0) == 0x80) --size;
  }
  std::string text(words.substr(0, size));
  if (simdjson::validate_utf8(text.data(), text.size())) return text;
  std::replace_if(
      text.begin(), text.end(), [](char c) { return (c & 0x80) != 0; }, '?');
  return text;
}

bool is_kept(const Call& call, Settlement settlement) {
  return has_history(call.lease->name) || settlement == Settlement::kFailed ||
         settlement == Settlement::kExpired;
}

}  // namespace

Error call_stopped(const std::string& function, const CallId& id) {
  return {ErrorCode::kAsyncInvocationStopped,
          fmt::format("The async invocation for {}:{} has been stopped", function, id.text())};
}

Error call_expired() {
  return {ErrorCode::kAsyncEventAgeExceeded,
          "the call waited for longer than maxAsyncEventAgeInSeconds allows, and was not run"};
}

std::string error_name(const Outcome& outcome) {
  if (const Error* const error = error_of(outcome)) return std::string(error->name());
  return std::string(name_of(outcome.reply.function_error));
}

AttemptReport report_of(const Call& call, const Outcome& outcome, WallTime now) {
  AttemptReport report;
  report.dequeued = call.lease->dequeued;
  report.instance_id = outcome.instance_id;
  report.duration = std::chrono::duration_cast<Millis>(outcome.duration);
  // Shards read their clocks at different moments: by another's it may have begun before it came.
  if (!outcome.instance_id.empty()) {
    report.started = std::max(now - report.duration, report.dequeued);
  }
  report.error = error_name(outcome);
  const Error* const error = error_of(outcome);
  const std::string& words = error != nullptr ? error->message : outcome.reply.body;
  if (!report.error.empty()) report.message = message_of(words);
  return report;
}

Ending ending_of(const Call& call, const Outcome& outcome, Settlement settlement, WallTime now) {
  Ending ending = settlement;
  if (!is_kept(call, settlement)) return ending;
  ending.report = report_of(call, outcome, now);
  ending.result = outcome.reply.body.substr(0, kResultMax);
  ending.result_cut = outcome.reply.body.size() > kResultMax;
  if (!has_history(call.lease->name)) {
    ending.qualifier = call.qualifier;
    ending.event = queued_event_of(call);
  }
  return ending;
}

}  // namespace convoke
