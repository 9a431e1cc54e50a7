#include "tools/call_record.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <string_view>

#include "tools/function_name.h"

namespace convoke::cli {
namespace {

constexpr std::size_t kErrorWidthMax = 80;  // of a table's last column

void print_line(std::string_view key, std::string_view value) {
  if (!value.empty()) fmt::print("{:<13}{}\n", key, value);
}

std::int64_t ms_of(simdjson::dom::element object, std::string_view key) {
  return number_of(object, key).value_or(0);
}

// A deleted function has no name any more.
std::string function_of(simdjson::dom::element call) {
  const std::string function = text_of(call, "functionName");
  if (function.empty()) return "(deleted)";
  return FunctionName{text_of(call, "serviceName"), function}.text();
}

// Control characters of what a function said would move the terminal's cursor.
std::string one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  return text;
}

// Between characters: no byte of UTF-8 that goes on with one is the first to be cut.
std::string cut(const std::string& text, std::size_t width) {
  if (text.size() <= width) return text;
  while (width > 0 && (static_cast<unsigned char>(text[width]) & 0xC0U) == 0x80U) --width;
  return text.substr(0, width) + "...";
}

// A handler's error is JSON with a stack trace; what it says in words stands in one member.
std::string message_of(simdjson::dom::element call) {
  const std::string detail = text_of(call, "errorDetail");
  JsonReader json;
  const std::string words = json.parse(detail) ? json.text("errorMessage") : std::string();
  return one_line(words.empty() ? detail : words);
}

std::string error_of(simdjson::dom::element call) {
  const std::string error = text_of(call, "invocationErrorMessage");
  const std::string message = message_of(call);
  return message.empty() || message == error ? error : fmt::format("{}: {}", error, message);
}

// Of a call that has not ended.
std::string why_of(simdjson::dom::element call) {
  simdjson::dom::element why;
  return call["why"].get(why) == simdjson::SUCCESS ? text_of(why, "text") : std::string();
}

void print_events(simdjson::dom::element call) {
  simdjson::dom::array events;
  if (call["events"].get(events) != simdjson::SUCCESS || events.size() == 0) return;
  fmt::print("\n");
  for (const simdjson::dom::element event : events) {
    JsonReader detail;
    const bool failed = detail.parse(text_of(event, "eventDetail"));
    fmt::print("{}  {}\n", time_text(ms_of(event, "timestamp")),
               failed ? fmt::format("{:<10} {}", text_of(event, "status"), detail.text("Error"))
                      : text_of(event, "status"));
  }
}

void print_payload(simdjson::dom::element call, const std::string& member, std::string_view title) {
  std::string_view bytes;
  if (call[member].get(bytes) != simdjson::SUCCESS) return;
  const bool encoded = !text_of(call, member + "Encoding").empty();
  bool beginning = false;
  if (call[member + "Cut"].get(beginning) != simdjson::SUCCESS) beginning = false;
  fmt::print("\n{}{}{}:\n{}\n", title, encoded ? " (base64)" : "",
             beginning ? " (its beginning)" : "", bytes);
}

}  // namespace

std::string time_text(std::int64_t ms_since_epoch) {
  if (ms_since_epoch == 0) return "-";
  const auto seconds = static_cast<std::time_t>(ms_since_epoch / 1000);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(seconds), ms_since_epoch % 1000);
}

void print_why(simdjson::dom::element call) {
  const std::string error = error_of(call);
  fmt::print("{}: {}\n", text_of(call, "status"),
             why_of(call).empty() ? "It has ended." : why_of(call));
  if (!error.empty()) fmt::print("Its last attempt ended with {}\n", error);
}

ExitCode exit_code_of(const std::string& status) {
  if (status == "Succeeded") return ExitCode::kOk;
  const bool ended =
      status == "Failed" || status == "Stopped" || status == "Expired" || status == "Invalid";
  return ended ? ExitCode::kFunctionError : ExitCode::kUnfinished;
}

void print_call(simdjson::dom::element call) {
  print_line("function", function_of(call));
  print_line("qualifier", text_of(call, "qualifier"));
  print_line("id", text_of(call, "invocationId"));
  print_line("request", text_of(call, "requestId"));
  print_line("status", text_of(call, "status"));
  print_line("why", why_of(call));
  print_line("started", time_text(ms_of(call, "startedTime")));
  print_line("ended", time_text(ms_of(call, "endTime")));
  print_line("took", fmt::format("{} ms", ms_of(call, "durationMs")));
  print_line("retries", fmt::format("{}", ms_of(call, "alreadyRetriedTimes")));
  print_line("instance", text_of(call, "instanceId"));
  print_line("error", text_of(call, "invocationErrorMessage"));
  print_line("message", message_of(call));
  print_line("destination", text_of(call, "destinationStatus"));
  print_events(call);
  print_payload(call, "invocationPayload", "event");
  print_payload(call, "returnPayload", "result");
}

void CallTable::add(simdjson::dom::element call) {
  const bool all = of_ == Of::kAll;
  Row row;
  row.id = text_of(call, all ? "requestId" : "invocationId");
  row.function = function_of(call);
  row.status = text_of(call, "status");
  row.time = time_text(ms_of(call, all ? "endTime" : "startedTime"));
  row.retries = ms_of(call, "alreadyRetriedTimes");
  row.error = cut(error_of(call), kErrorWidthMax);
  rows_.push_back(std::move(row));
}

void CallTable::print() const {
  if (rows_.empty()) return;
  const bool all = of_ == Of::kAll;
  std::size_t id_width = 2;
  std::size_t function_width = 8;
  for (const Row& row : rows_) {
    id_width = std::max(id_width, row.id.size());
    function_width = std::max(function_width, row.function.size());
  }
  const auto line = [&](std::string_view id, std::string_view function, std::string_view status,
                        std::string_view time, std::string_view retries, std::string_view error) {
    fmt::print("{:<{}}  ", id, id_width);
    if (all) fmt::print("{:<{}}  ", function, function_width);
    fmt::print("{:<9}  {:<24}  {:>7}  {}\n", status, time, retries, error);
  };
  line(all ? "REQUEST" : "ID", "FUNCTION", "STATUS", all ? "ENDED" : "STARTED", "RETRIES", "ERROR");
  for (const Row& row : rows_) {
    line(row.id, row.function, row.status, row.time, fmt::format("{}", row.retries), row.error);
  }
}

}  // namespace convoke::cli
