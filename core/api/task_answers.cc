#include "core/api/task_answers.h"

#include <fmt/format.h>
#include <simdjson.h>

#include "core/dispatch/queued_event.h"
#include "core/model/base64.h"

namespace convoke {
namespace {

void write_event(const history::Event& event, JsonWriter& writer) {
  JsonWriter detail;
  detail.object();
  if (!event.error.empty()) detail.member("Error", event.error);
  writer.object()
      .member("eventId", static_cast<std::int64_t>(event.id))
      .member("status", name_of(event.state))
      .member("timestamp", to_ms(event.at))
      .member("eventDetail", event.error.empty() ? std::string() : detail.end().take())
      .end();
}

// Bytes that are no text travel as base64, and say so.
void write_payload(std::string_view member, std::string_view bytes, JsonWriter& writer) {
  if (simdjson::validate_utf8(bytes.data(), bytes.size())) {
    writer.member(member, bytes);
    return;
  }
  writer.member(member, encode_base64(bytes));
  writer.member(fmt::format("{}Encoding", member), "base64");
}

void write_explanation(const Explanation& why, JsonWriter& writer) {
  writer.key("why").object().member("rule", why.rule).member("text", why.text);
  if (why.until) writer.member("until", to_ms(*why.until));
  if (why.ahead) writer.member("ahead", static_cast<std::int64_t>(*why.ahead));
  writer.end();
}

void write_names(const history::Record& record, const Directory& directory, JsonWriter& writer) {
  const FunctionPtr function = directory.find_function(record.function);
  writer.member("functionName", function ? function->spec.name : std::string())
      .member("serviceName", function ? function->spec.service : std::string())
      .member("qualifier", record.qualifier)
      .member("invocationId", record.name.empty() ? record.id.text() : record.name)
      .member("requestId", record.id.text());
}

}  // namespace

void write_record(const history::Record& record, const Directory& directory, ShowPayload payload,
                  JsonWriter& writer, const std::optional<Explanation>& why) {
  writer.object();
  write_names(record, directory, writer);
  writer.member("status", name_of(record.state))
      .member("startedTime", to_ms(record.started))
      .member("endTime", to_ms(record.ended))
      .member("destinationStatus", record.destination_status)
      .member("invocationErrorMessage", record.error)
      .member("errorDetail", record.message)
      .member("alreadyRetriedTimes", std::int64_t{record.retries})
      .member("instanceId", record.instance_id)
      .member("durationMs", std::int64_t{record.duration.count()});
  if (payload == ShowPayload::kYes) {
    write_payload("invocationPayload", payload_of(record.event), writer);
    write_payload("returnPayload", record.result, writer);
    if (record.result_cut) writer.key("returnPayloadCut").boolean(true);
  }
  if (why) write_explanation(*why, writer);
  writer.key("events").array();
  for (const history::Event& event : record.events) write_event(event, writer);
  writer.end().end();
}

std::optional<CallState> call_state_named(std::string_view name) {
  for (std::size_t i = 0; i < kCallStates; ++i) {
    if (name_of(static_cast<CallState>(i)) == name) return static_cast<CallState>(i);
  }
  return std::nullopt;
}

}  // namespace convoke
