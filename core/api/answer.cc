// The answer to a synchronous call: headers and shapes as fc-contract "Invoke" has them.
#include <fmt/format.h>

#include <chrono>
#include <string>
#include <utility>

#include "core/api/invoke.h"
#include "core/model/base64.h"
#include "workers/log_tail.h"

namespace convoke {
namespace {

double milliseconds(Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

void add_run_headers(http::Response& response, const Outcome& outcome) {
  const Function& function = *outcome.function;
  if (!function.code.checksum.empty()) {
    response.headers.add("X-Fc-Code-Checksum", function.code.checksum);
  }
  response.headers.add("X-Fc-Instance-Id", outcome.instance_id);
  response.headers.add("X-Fc-Invocation-Duration",
                       fmt::format("{:.2f}", milliseconds(outcome.duration)));
  response.headers.add("X-Fc-Max-Memory-Usage",
                       fmt::format("{:.2f}", outcome.reply.memory_peak_mb));
  response.headers.add("X-Fc-Invocation-Service-Version", "LATEST");
}

void add_log_tail(http::Response& response, const Outcome& outcome) {
  const std::string tail =
      format_log_tail(outcome.reply.log_tail, outcome.duration, outcome.function->spec.memory_mb,
                      outcome.reply.memory_peak_mb);
  response.headers.add("X-Fc-Log-Result", encode_base64(tail));
}

// Function Compute's answer never says application/json on success, or SDKs would parse it.
void add_result(http::Response& response, Reply reply) {
  if (reply.function_error == FunctionError::kNone) {
    response.headers.add("Content-Type", "application/octet-stream");
  } else {
    response.headers.add("Content-Type", "application/json");
    response.headers.add("X-Fc-Error-Type", reply.function_error == FunctionError::kHandled
                                                ? "HandledInvocationError"
                                                : "UnhandledInvocationError");
  }
  response.body = std::move(reply.body);
}

const Error* error_of(const Outcome& outcome) {
  if (outcome.error) return &*outcome.error;
  if (outcome.reply.system_error) return &*outcome.reply.system_error;
  return nullptr;
}

}  // namespace

http::Response answer_of(const Call& call, Outcome outcome) {
  const std::string request_id = call.id.text();
  if (const Error* error = error_of(outcome)) {
    http::Response response = http::error_response(*error, request_id);
    if (outcome.function && !outcome.instance_id.empty()) add_run_headers(response, outcome);
    return response;
  }
  http::Response response;
  response.headers.add("X-Fc-Request-Id", request_id);
  add_run_headers(response, outcome);
  if (call.wants_log_tail) add_log_tail(response, outcome);
  add_result(response, std::move(outcome.reply));
  return response;
}

http::Response answer_of(const history::Record& record) {
  const std::string request_id = record.id.text();
  if (const auto code = error_code_named(record.error)) {
    return http::error_response(Error{*code, record.message}, request_id);
  }
  http::Response response;
  response.headers.add("X-Fc-Request-Id", request_id);
  response.headers.add("X-Fc-Instance-Id", record.instance_id);
  response.headers.add("X-Fc-Invocation-Duration",
                       fmt::format("{:.2f}", milliseconds(record.duration)));
  response.headers.add("X-Fc-Invocation-Service-Version", "LATEST");
  response.headers.add("Content-Type",
                       record.error.empty() ? "application/octet-stream" : "application/json");
  if (!record.error.empty()) response.headers.add("X-Fc-Error-Type", record.error);
  response.body = record.result;
  return response;
}

}  // namespace convoke
