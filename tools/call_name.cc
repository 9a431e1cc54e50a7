#include "tools/call_name.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace convoke::cli {
namespace {

constexpr std::string_view kUuidShape = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

// What may stand in a name, or in an id that the engine made up; so none can climb the URL.
bool may_be_id(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-';
  });
}

bool is_request_id(std::string_view text) {
  return std::equal(
      text.begin(), text.end(), kUuidShape.begin(), kUuidShape.end(), [](char c, char shape) {
        return shape == '-' ? c == '-' : std::isxdigit(static_cast<unsigned char>(c)) != 0;
      });
}

}  // namespace

std::string stateful_path(const FunctionName& function) {
  return function.function_path() + "/stateful-async-invocations";
}

Outcome<std::string> stateful_path(const FunctionName& function, std::string_view id) {
  if (may_be_id(id)) return fmt::format("{}/{}", stateful_path(function), id);
  return usage_failure(fmt::format("'{}' is no call's id: those are letters, digits, _ and -", id));
}

Outcome<std::string> request_path(std::string_view request_id) {
  if (is_request_id(request_id)) return fmt::format("/convoke/calls/{}", request_id);
  return usage_failure(fmt::format(
      "'{}' is no request id (a UUID); a call that has a name is found by its function and that "
      "name: convoke get FUNCTION {}",
      request_id, request_id));
}

Outcome<std::string> tree_stop_path(std::string_view request_id) {
  if (is_request_id(request_id)) return fmt::format("/convoke/trees/{}/stop", request_id);
  return usage_failure(
      fmt::format("'{}' is no request id (a UUID): a call's is its "
                  "X-Fc-Request-Id",
                  request_id));
}

}  // namespace convoke::cli
