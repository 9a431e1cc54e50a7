#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "core/registry/decision.h"

namespace convoke::decision {
namespace {

// Those that this stop would forget are no more in the way.
std::size_t others_stopped(const Context& context, const CallId& root) {
  const std::vector<StoppedTreePtr> all = context.committed.stopped_trees();
  return static_cast<std::size_t>(
      std::count_if(all.begin(), all.end(), [&](const StoppedTreePtr& tree) {
        return tree->root != root && !is_over(*tree, context.stamp.now);
      }));
}

}  // namespace

// As well where it is stopped already: then for another reason, and from now on.
Result<Change> decide_one(const Context& context, const StopTree& stop) {
  if (Result<void> right = check_text("reason", stop.reason.size(), kSwitchReasonBytesMax); !right)
    return right.error();
  if (Result<void> right = check_text("by", stop.by.size(), kSwitchByBytesMax); !right)
    return right.error();
  if (Result<void> room =
          check_room("stopped trees", others_stopped(context, stop.root), kStoppedTreesMax);
      !room)
    return room.error();
  return change_of(
      context, TreeStopped{std::make_shared<const StoppedTree>(StoppedTree{
                   stop.root, context.stamp.version, stop.reason, stop.by, context.stamp.now})});
}

}  // namespace convoke::decision
