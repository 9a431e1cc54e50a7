#include "tools/stopped_trees.h"

#include <fmt/format.h>

#include <cstdio>

#include "tools/call_name.h"
#include "tools/json.h"
#include "tools/switch_list.h"
#include "tools/switch_target.h"

namespace convoke::cli {
namespace {

Failure no_json() { return {ExitCode::kUnreachable, "the engine's answer is no JSON", {}, {}}; }

// An answer that did not come does not mean that nothing was stopped.
Failure with_hint(Failure failure, const Session& session) {
  if (failure.exit == ExitCode::kUnreachable) {
    failure.message += fmt::format(
        ". It may be stopped all the same: convoke stop --list{} says so, and who has not "
        "confirmed",
        session.endpoint_flag());
  }
  return failure;
}

void print_tree(simdjson::dom::element tree) {
  const std::string by = text_of(tree, "by");
  const std::string reason = text_of(tree, "reason");
  fmt::print("{}: stopped since {}{}{}{}{}\n", text_of(tree, "root"), text_of(tree, "stoppedTime"),
             by.empty() ? "" : " by ", by, reason.empty() ? "" : ": ", reason);
  print_missing(tree);
}

}  // namespace

Outcome<ExitCode> stop_tree(Session& session, const std::string& id, const std::string& note) {
  Outcome<std::string> path = tree_stop_path(id);
  if (!path) return path.failure();
  JsonWriter body;
  body.begin_object();
  body.member("reason", std::string_view(note));
  body.member("by", std::string_view(who_asks()));
  body.end_object();
  Outcome<ApiReply> reply = session.api.send_ok({"POST", *path, body.text()});
  if (!reply) return with_hint(reply.failure(), session);
  JsonReader answer;
  if (!answer.parse(reply->body)) return no_json();
  if (session.json()) {
    fmt::print("{}\n", reply->body);
    return ExitCode::kOk;
  }
  const std::int64_t ended = number_of(answer.root(), "callsEnded").value_or(0);
  fmt::print(
      "stopped the tree of call {}: every engine has confirmed, nothing of it starts any more\n",
      answer.text("root"));
  fmt::print("  ended     {} running {} on this engine; what ran elsewhere is dead, too\n", ended,
             ended == 1 ? "call" : "calls");
  fmt::print("  waiting   what is queued of it ends without running\n");
  if (!note.empty()) fmt::print("  why       {}\n", note);
  return ExitCode::kOk;
}

Outcome<ExitCode> list_stopped_trees(Session& session) {
  Outcome<ApiReply> reply = session.api.send_ok({"GET", "/convoke/trees/stopped"});
  if (!reply) return reply.failure();
  JsonReader json;
  simdjson::dom::array trees;
  if (!json.parse(reply->body) || json.root()["trees"].get(trees) != simdjson::SUCCESS) {
    return no_json();
  }
  if (session.json()) {
    fmt::print("{}\n", reply->body);
    return ExitCode::kOk;
  }
  for (simdjson::dom::element tree : trees) print_tree(tree);
  std::fflush(stdout);
  if (trees.size() == 0) fmt::print(stderr, "no tree is stopped\n");
  return ExitCode::kOk;
}

}  // namespace convoke::cli
