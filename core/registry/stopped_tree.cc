#include "core/registry/stopped_tree.h"

#include <fmt/chrono.h>

#include <chrono>

namespace convoke {

Error tree_stopped(const StoppedTree& tree) {
  const std::chrono::sys_time<Seconds> since{
      std::chrono::floor<Seconds>(tree.since.time_since_epoch())};
  std::string text = fmt::format("the tree of call {} was stopped at {:%Y-%m-%dT%H:%M:%SZ}",
                                 tree.root.text(), fmt::gmtime(since));
  if (!tree.by.empty()) text += " by " + tree.by;
  if (!tree.reason.empty()) text += ": " + tree.reason;
  return {ErrorCode::kInvocationTreeStopped, std::move(text)};
}

}  // namespace convoke
