// Where the calls of a stopped tree are met that are in line here or run.
#include <vector>

#include "core/dispatch/dispatcher.h"

namespace convoke {

void Dispatcher::on_tree_stopped(const StoppedTree& tree) {
  std::vector<FunctionId> all;
  for (const auto& [id, room] : rooms_) all.push_back(id);
  for (const FunctionId id : all) {
    const auto found = rooms_.find(id);
    if (found != rooms_.end()) end_tree(*found->second, tree);
  }
}

void Dispatcher::end_tree(Room& room, const StoppedTree& tree) {
  std::vector<CallPtr> waiting = room.line.take_tree(tree.root);
  for (CallPtr& call : waiting) stop_unstarted(leave_line(room, std::move(call)), tree);
  if (!waiting.empty()) publish(room);
  const Error why = tree_stopped(tree);
  for (Host* host : hosts_of(room)) {
    const std::uint32_t calls = host->end_tree(tree.root, why);
    if (calls == 0) continue;
    host->stopping() ? endings_.add(*host, calls) : endings_.add(calls);
  }
}

void Dispatcher::stop_unstarted(CallPtr call, const StoppedTree& tree) {
  Outcome outcome;
  outcome.kind = Outcome::Kind::kStopped;
  outcome.error = tree_stopped(tree);
  finish(std::move(call), std::move(outcome));
}

}  // namespace convoke
