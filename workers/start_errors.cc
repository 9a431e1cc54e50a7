#include "workers/start_errors.h"

#include <fmt/format.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>
#include <simdjson.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <system_error>

namespace convoke {
namespace {

constexpr std::size_t kLogBytesInMessageMax =
    1024;  // a message is read by people, in one JSON line

std::string printable_end_of(std::string_view log) {
  if (log.size() > kLogBytesInMessageMax) log.remove_prefix(log.size() - kLogBytesInMessageMax);
  while (!log.empty() && log.back() == '\n') log.remove_suffix(1);
  std::string text(log);
  const bool utf8 = simdjson::validate_utf8(text.data(), text.size());
  std::replace_if(
      text.begin(), text.end(), [utf8](char c) { return !utf8 && (c & 0x80) != 0; }, '?');
  return text;
}

std::string text_of(const ExitStatus& status) {
  return status.signal != 0 ? fmt::format("signal {}", status.signal)
                            : fmt::format("exit status {}", status.code);
}

std::string text_of_errno(int value) { return std::generic_category().message(value); }

// Not the function's fault: no memory, no descriptors.
bool is_the_machines(const SpawnFailure& failure) {
  return failure.step != "exec" && failure.step != "chdir" && failure.step != "interpreter";
}

Error not_enough_for_a_process(const SpawnFailure& failure) {
  return {ErrorCode::kResourceExhausted,
          fmt::format("no process could be started ({}: {})", failure.step,
                      text_of_errno(failure.errno_value))};
}

}  // namespace

Error function_not_started(Duration after, std::string_view reason, std::string_view log) {
  return {
      ErrorCode::kFunctionNotStarted,
      fmt::format("The CA's http server cannot be started:ContainerStartDuration:{}. {} Logs : {}",
                  after.count(), reason, printable_end_of(log))};
}

Error ca_exited(const ExitStatus& status, Duration after, std::string_view log) {
  return {ErrorCode::kCaExited, fmt::format("The CA process either cannot be started or exited:"
                                            "ContainerStartDuration:{}. {} Logs : {}",
                                            after.count(), text_of(status), printable_end_of(log))};
}

Error bootstrap_not_spawned(const SpawnFailure& failure) {
  if (is_the_machines(failure)) return not_enough_for_a_process(failure);
  if (failure.step == "chdir") {
    return {ErrorCode::kCaFileNotFound, fmt::format("The CA process cannot be started: its code "
                                                    "directory cannot be entered ({})",
                                                    text_of_errno(failure.errno_value))};
  }
  if (failure.step == "interpreter") {
    return {
        ErrorCode::kCaFileNotFound,
        fmt::format("The CA process cannot be started: the interpreter or loader that the file "
                    "'bootstrap' names cannot be run ({}); a line end \\r\\n after its name has "
                    "the same effect",
                    text_of_errno(failure.errno_value))};
  }
  if (failure.errno_value == EACCES) {
    return {ErrorCode::kCaFilePermission,
            "The CA process cannot be started due to bootstrap file don't have execute "
            "permissions"};
  }
  if (failure.errno_value == ENOENT) {
    return {ErrorCode::kCaFileNotFound,
            "The CA process cannot be started: there is no file 'bootstrap' at the root of the "
            "code"};
  }
  return {ErrorCode::kCaExited,
          fmt::format("The CA process either cannot be started or exited:{}",
                      failure.errno_value == ENOEXEC ? "exec format error"
                                                     : text_of_errno(failure.errno_value))};
}

Error program_not_spawned(std::string_view program, const SpawnFailure& failure) {
  if (is_the_machines(failure)) return not_enough_for_a_process(failure);
  return {ErrorCode::kFunctionNotStarted,
          fmt::format("The function's runtime {} cannot be started ({}: {})", program, failure.step,
                      text_of_errno(failure.errno_value))};
}

std::string function_error_body(std::string_view message, std::string_view type) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  writer.StartObject();
  writer.Key("errorMessage");
  writer.String(message.data(), static_cast<rapidjson::SizeType>(message.size()));
  if (!type.empty()) {
    writer.Key("errorType");
    writer.String(type.data(), static_cast<rapidjson::SizeType>(type.size()));
  }
  writer.EndObject();
  return {buffer.GetString(), buffer.GetSize()};
}

std::string process_exited_body(Duration after, double memory_peak_mb) {
  return function_error_body(
      fmt::format("Process exited unexpectedly before completing request "
                  "(duration: {}ms, maxMemoryUsage: {:.2f}MB)",
                  std::chrono::duration_cast<Millis>(after).count(), memory_peak_mb),
      "");
}

}  // namespace convoke
