#include "tools/switch_list.h"

#include <fmt/format.h>

#include <cstdio>
#include <string_view>
#include <vector>

#include "tools/function_name.h"
#include "tools/json.h"

namespace convoke::cli {
namespace {

bool flag_of(simdjson::dom::element object, std::string_view key) {
  bool flag = false;
  return object[key].get(flag) == simdjson::SUCCESS && flag;
}

std::string target_of(simdjson::dom::element scope) {
  const std::string service = text_of(scope, "service");
  const std::string function = text_of(scope, "function");
  if (service.empty()) return "everything";
  return function.empty() ? "service " + service : FunctionName{service, function}.text();
}

std::string names_in(simdjson::dom::array names) {
  std::string text;
  for (simdjson::dom::element name : names) {
    std::string_view one;
    if (name.get(one) != simdjson::SUCCESS) continue;
    text += text.empty() ? "" : ", ";
    text += one;
  }
  return text;
}

void print_switch(simdjson::dom::element one) {
  simdjson::dom::element restriction;
  if (one["invocationRestriction"].get(restriction) != simdjson::SUCCESS) return;
  fmt::print("{}: {}\n", target_of(one), restriction_text(restriction));
  print_missing(one);
}

}  // namespace

void print_missing(simdjson::dom::element stopped) {
  simdjson::dom::array missing;
  if (stopped["missing"].get(missing) != simdjson::SUCCESS) {
    fmt::print("  who has confirmed cannot be asked: the registry's server does not answer\n");
  } else if (missing.size() > 0) {
    fmt::print("  NOT YET CONFIRMED by {}\n", names_in(missing));
  }
}

std::string restriction_text(simdjson::dom::element restriction) {
  const std::string by = text_of(restriction, "by");
  const std::string reason = text_of(restriction, "reason");
  const std::string expires = text_of(restriction, "expiresTime");
  if (!flag_of(restriction, "disable")) {
    return fmt::format("let out gradually until {}", text_of(restriction, "letOutUntil"));
  }
  std::string text = fmt::format("stopped since {}", text_of(restriction, "lastModifiedTime"));
  if (!by.empty()) text += " by " + by;
  if (!reason.empty()) text += ": " + reason;
  if (!flag_of(restriction, "abortOngoingRequest")) text += "; what ran was left to its end";
  if (flag_of(restriction, "refuseAsync")) text += "; asynchronous calls are refused";
  if (!expires.empty()) text += "; lifts itself at " + expires;
  return text;
}

Outcome<ExitCode> list_switches(Session& session) {
  Outcome<ApiReply> reply = session.api.send_ok({"GET", "/convoke/switches"});
  if (!reply) return reply.failure();
  JsonReader json;
  simdjson::dom::array switches;
  if (!json.parse(reply->body) || json.root()["switches"].get(switches) != simdjson::SUCCESS) {
    return Failure{ExitCode::kUnreachable, "the engine's answer is no JSON", {}, {}};
  }
  if (session.json()) {
    fmt::print("{}\n", reply->body);
    return ExitCode::kOk;
  }
  for (simdjson::dom::element one : switches) print_switch(one);
  std::fflush(stdout);
  if (switches.size() == 0) fmt::print(stderr, "no kill switch is on\n");
  return ExitCode::kOk;
}

}  // namespace convoke::cli
