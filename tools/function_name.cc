#include "tools/function_name.h"

#include <fmt/format.h>

#include <algorithm>

#include "tools/api_client.h"

namespace convoke::cli {
namespace {

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool well_formed(std::string_view part, std::string_view also_allowed) {
  return !part.empty() && std::all_of(part.begin(), part.end(), [&](char c) {
    return is_letter_or_digit(c) || also_allowed.find(c) != std::string_view::npos;
  });
}

}  // namespace

Outcome<FunctionName> FunctionName::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const bool has_service = slash != std::string_view::npos;
  FunctionName name;
  name.service = has_service ? text.substr(0, slash) : kDefaultService;
  name.function = has_service ? text.substr(slash + 1) : text;
  // A dot in a service's name would begin a qualifier; `..` as a whole name would climb the URL.
  const bool climbs = name.service.front() == '.';
  if (climbs || !well_formed(name.service, "-_.") || !well_formed(name.function, "-_")) {
    return usage_failure(fmt::format(
        "'{}' is no function name; write FUNCTION or SERVICE/FUNCTION (letters, digits, - and _)",
        text));
  }
  return name;
}

std::string FunctionName::text() const {
  return service == kDefaultService ? function : service + '/' + function;
}

std::string FunctionName::service_path() const {
  return fmt::format("{}/services/{}", kApiRoot, service);
}

std::string FunctionName::function_path() const {
  return fmt::format("{}/functions/{}", service_path(), function);
}

}  // namespace convoke::cli
