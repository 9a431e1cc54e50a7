// Trees of calls that are stopped: one more, and the list of them.
#pragma once

#include <string>

#include "tools/command.h"

namespace convoke::cli {

// `id`: of its root, or of a call of it that runs on the engine that is asked. `note`: why, perhaps
// empty.
[[nodiscard]] Outcome<ExitCode> stop_tree(Session& session, const std::string& id,
                                          const std::string& note);
[[nodiscard]] Outcome<ExitCode> list_stopped_trees(Session& session);

}  // namespace convoke::cli
