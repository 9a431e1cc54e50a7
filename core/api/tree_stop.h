// Stopping a tree: from a request to what it asks for, and how it is shown. Pure.
//
//   POST /convoke/trees/ID/stop {reason, by}
//   -> {root, reason, by, stoppedTime, forgottenTime, callsEnded}
//   GET /convoke/trees/stopped
//   -> {trees: [{root, reason, by, stoppedTime, forgottenTime, missing}]}
//
// ID: of the root, or of a call that runs on the engine that is asked. `callsEnded`: that ran
// there; what waited is not counted, since it ends when it is next in line.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "core/api/router.h"
#include "core/http/message.h"
#include "core/model/error.h"
#include "core/registry/mutation.h"
#include "core/registry/source.h"
#include "core/registry/stopped_tree.h"

namespace convoke {

// `root_of`: as ControlHost has it.
[[nodiscard]] Result<Mutation> read_stop_tree(const Route& route, http::Request request,
                                              const std::function<CallId(const CallId&)>& root_of);
[[nodiscard]] http::Response stopped_answer(const StoppedTree& tree, std::uint32_t calls_ended);
// The last one first.
[[nodiscard]] http::Response stopped_trees_answer(
    const std::vector<StoppedTreePtr>& trees,
    const std::optional<std::vector<EngineApplied>>& engines);

}  // namespace convoke
