// What a root caused, as GET /convoke/trees/ID tells it (ours): the calls that are kept, each
// behind its caller, and how many there were. Pure.
//
//   {"rootId": "...", "invocations": 12, "attempts": 13, "runningTimeMs": 450, "cut": 0,
//    "calls": [{"requestId": "...", "parentId": "...", "depth": 1, "functionName": "s/f",
//               "status": "Running", "attempts": 1, "firstSeenTime": ms, "startedTime": ms,
//               "durationMs": 12}, ...]}
//
// `cut`: how many began of which nothing is kept. Times as in core/api/task_answers.h; a duration
// is that of the last attempt, so far if it runs.
#pragma once

#include <string>
#include <vector>

#include "core/guard/root_ledger.h"
#include "core/registry/directory.h"

namespace convoke {

struct DrawnCall {
  const TreeCall* call;
  std::size_t depth;  // callers above it that are kept, down from the root
};
// Each behind its caller, and those of one caller in the order in which they were heard of. One
// whose caller is not kept stands beneath the root.
[[nodiscard]] std::vector<DrawnCall> in_order(const RootLedger::Tree& tree);

[[nodiscard]] Error no_such_tree(const CallId& id);
[[nodiscard]] std::string tree_json(const RootLedger::Tree& tree, const Directory& directory,
                                    WallTime now);

}  // namespace convoke
