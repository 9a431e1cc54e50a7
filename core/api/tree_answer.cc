#include "core/api/tree_answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "core/model/json_writer.h"

namespace convoke {
namespace {

std::string_view status_of(TreeState state) {
  switch (state) {
    case TreeState::kWaiting:
      return "Enqueued";
    case TreeState::kRunning:
      return "Running";
    case TreeState::kSucceeded:
      return "Succeeded";
    case TreeState::kFailed:
      return "Failed";
    case TreeState::kRefused:
      return "Refused";
    case TreeState::kUnknown:
      break;
  }
  return "Unknown";
}

std::int64_t duration_ms(const TreeCall& call, WallTime now) {
  if (call.begun == WallTime{}) return 0;
  const WallTime until = call.ended == WallTime{} ? now : call.ended;
  return std::max<std::int64_t>(to_ms(until) - to_ms(call.begun), 0);
}

std::string function_name(const TreeCall& call, const Directory& directory) {
  const FunctionPtr function = directory.find_function(call.function);
  return function ? function->full_name() : std::string();
}

void write_call(const DrawnCall& drawn, const Directory& directory, WallTime now,
                JsonWriter& writer) {
  const TreeCall& call = *drawn.call;
  writer.object()
      .member("requestId", call.id.text())
      .member("parentId", call.parent == CallId{} ? std::string() : call.parent.text())
      .member("depth", static_cast<std::int64_t>(drawn.depth))
      .member("functionName", function_name(call, directory))
      .member("status", status_of(call.state))
      .member("attempts", std::int64_t{call.attempts})
      .member("firstSeenTime", to_ms(call.heard))
      .member("startedTime", to_ms(call.begun))
      .member("durationMs", duration_ms(call, now))
      .end();
}

}  // namespace

std::vector<DrawnCall> in_order(const RootLedger::Tree& tree) {
  std::unordered_map<CallId, std::vector<const TreeCall*>> children;
  const auto kept = [&tree](const CallId& id) {
    return std::any_of(tree.calls.begin(), tree.calls.end(),
                       [&id](const TreeCall& call) { return call.id == id; });
  };
  const TreeCall* root = nullptr;
  std::unordered_map<CallId, bool> known;
  for (const TreeCall& call : tree.calls) {
    if (call.id == tree.root) {
      root = &call;
      continue;
    }
    const auto [at, fresh] = known.try_emplace(call.parent, false);
    if (fresh) at->second = kept(call.parent);
    children[at->second ? call.parent : tree.root].push_back(&call);
  }
  std::vector<DrawnCall> drawn;
  std::vector<DrawnCall> open;
  const auto open_children = [&](const CallId& of, std::size_t depth) {
    const auto found = children.find(of);
    if (found == children.end()) return;
    for (auto child = found->second.rbegin(); child != found->second.rend(); ++child) {
      open.push_back({*child, depth});
    }
    children.erase(found);
  };
  if (root != nullptr) drawn.push_back({root, 0});
  open_children(tree.root, 1);
  while (!open.empty()) {
    const DrawnCall next = open.back();
    open.pop_back();
    drawn.push_back(next);
    open_children(next.call->id, next.depth + 1);
  }
  return drawn;
}

Error no_such_tree(const CallId& id) {
  return {ErrorCode::kCallNotFound,
          fmt::format("nothing is known of what call {} has caused: it has called nobody with its "
                      "credentials or lineage, or too many others have since",
                      id.text())};
}

std::string tree_json(const RootLedger::Tree& tree, const Directory& directory, WallTime now) {
  const auto begun = static_cast<std::uint64_t>(
      std::count_if(tree.calls.begin(), tree.calls.end(),
                    [](const TreeCall& call) { return call.attempts > 0; }));
  JsonWriter writer;
  writer.object()
      .member("rootId", tree.root.text())
      .member("invocations", static_cast<std::int64_t>(tree.spent.invocations))
      .member("attempts", static_cast<std::int64_t>(tree.spent.attempts))
      .member("runningTimeMs", static_cast<std::int64_t>(tree.spent.running_ms))
      .member("cut", static_cast<std::int64_t>(tree.spent.invocations -
                                               std::min(begun, tree.spent.invocations)))
      .key("calls")
      .array();
  for (const DrawnCall& drawn : in_order(tree)) write_call(drawn, directory, now, writer);
  return writer.end().end().take();
}

}  // namespace convoke
