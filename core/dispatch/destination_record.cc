#include "core/dispatch/destination_record.h"

#include <fmt/format.h>
#include <simdjson.h>

#include "core/model/base64.h"
#include "core/model/json_writer.h"

namespace convoke {
namespace {

const Error* error_of(const Outcome& outcome) {
  if (outcome.error) return &*outcome.error;
  if (outcome.reply.system_error) return &*outcome.reply.system_error;
  return nullptr;
}

std::string_view name_of(FunctionError error) {
  switch (error) {
    case FunctionError::kHandled:
      return "HandledInvocationError";
    case FunctionError::kUnhandled:
      return "UnhandledInvocationError";
    case FunctionError::kNone:
      break;
  }
  return "";
}

RecordedEnd as_error(const ErrorTraits& traits) {
  return {std::string(traits.name), traits.http_status, ""};
}

// What the last attempt met: an error of the system's, else one of the function's.
RecordedEnd met_by(const Outcome& outcome) {
  if (const Error* error = error_of(outcome)) return as_error(traits_of(error->code));
  return {"FunctionInvocationError", 200, std::string(name_of(outcome.reply.function_error))};
}

bool is_throttled(const Outcome& outcome) {
  const Error* error = error_of(outcome);
  return error != nullptr && (error->code == ErrorCode::kResourceThrottled ||
                              error->code == ErrorCode::kResourceExhausted);
}

RecordedEnd expired(const Outcome* outcome) {
  if (outcome == nullptr) {
    return {"AsyncEventAgeExceeded", traits_of(ErrorCode::kServiceUnavailable).http_status, ""};
  }
  RecordedEnd ending = met_by(*outcome);
  ending.condition = is_throttled(*outcome) ? "FunctionResourceExhausted" : "AsyncEventAgeExceeded";
  return ending;
}

// UTF-8 goes as it is. A cut may fall within a character, which then goes too.
std::string_view without_broken_end(std::string_view text) {
  std::size_t end = text.size();
  for (int back = 1; back <= 3 && end > 0; ++back) {
    const auto byte = static_cast<unsigned char>(text[--end]);
    if (byte >= 0xc0) return text.substr(0, end);
    if (byte < 0x80) break;
  }
  return text;
}

bool is_utf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

std::size_t escaped_size(std::string_view text) {
  std::size_t size = text.size();
  for (const char c : text) {
    if (c == '"' || c == '\\' || (c >= '\b' && c <= '\r' && c != '\v')) {
      size += 1;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      size += 5;  // \u00XX
    }
  }
  return size;
}

void add_payload(JsonWriter& writer, const std::string& member, std::string_view payload) {
  const bool cut = payload.size() > kRecordPayloadMax;
  const std::string_view kept = payload.substr(0, kRecordPayloadMax);
  // A whole character at the end of a cut text is kept; only a part of one is not.
  const std::string_view text = cut && !is_utf8(kept) ? without_broken_end(kept) : kept;
  if (is_utf8(text) && escaped_size(text) <= kRecordTextMax) {
    writer.member(member, text);
  } else {
    writer.member(member, encode_base64(kept)).member(member + "Encoding", "base64");
  }
  if (cut) writer.key(member + "Truncated").boolean(true);
}

}  // namespace

RecordedEnd recorded_end(Settlement settlement, const Outcome* outcome) {
  switch (settlement) {
    case Settlement::kSucceeded:
      return {};
    case Settlement::kExpired:
      return expired(outcome);
    case Settlement::kStopped:
      return {"AsyncInvocationStopped", traits_of(ErrorCode::kPreconditionFailed).http_status, ""};
    case Settlement::kInvalid:
      if (outcome == nullptr) return as_error(traits_of(ErrorCode::kFunctionNotFound));
      break;
    case Settlement::kFailed:
      break;
  }
  ENSURE(outcome != nullptr);
  return met_by(*outcome);
}

std::string record_arn(std::string_view service, std::string_view qualifier,
                       std::string_view function) {
  return fmt::format("acs:fc:::services/{}{}{}/functions/{}", service, qualifier.empty() ? "" : ".",
                     qualifier, function);
}

std::string to_json(const DestinationRecord& record) {
  JsonWriter writer;
  writer.object().member("timestamp", to_ms(record.at));
  writer.key("requestContext")
      .object()
      .member("requestId", record.id.text())
      .member("functionArn", record.function_arn)
      .member("condition", record.ending.condition)
      .member("approximateInvokeCount", std::int64_t{record.invoke_count})
      .member("fencingToken", std::to_string(record.epoch.value))
      .end();
  add_payload(writer, "requestPayload", record.event);
  writer.key("responseContext")
      .object()
      .member("statusCode", std::int64_t{record.ending.status_code})
      .member("functionError", record.ending.function_error)
      .end();
  add_payload(writer, "responsePayload", record.response);
  return writer.end().take();
}

}  // namespace convoke
