// The start of one process: fork, what a child must shed and set, exec.
//
// A child has: a session and process group of its own (so no terminal, and signals reach all of
// it); stdin from /dev/null; no other descriptor than 0, 1 and 2; an empty signal mask, every
// signal at its default; umask 077 (what a function writes is not for other users of the machine);
// no core dumps; an oom_score_adj above the engine's (out of memory, an instance goes first);
// SIGKILL when the launcher dies; the environment of the request and nothing else.
#pragma once

#include <sys/types.h>

#include <optional>
#include <variant>

#include "core/edge/owned_fd.h"
#include "core/edge/spawner.h"
#include "workers/launcher/protocol.h"

namespace convoke::launcher {

// A child that has been forked and may not have reached its program yet.
struct StartedChild {
  pid_t pid = 0;
  // Readable as soon as the outcome is known; see outcome_of_start().
  OwnedFd outcome;
};

// Does not wait for the exec, which may take long (a cold disk, a network file system).
[[nodiscard]] std::variant<StartedChild, SpawnFailed> start_child(const SpawnRequest& request,
                                                                  const OwnedFd& out,
                                                                  const OwnedFd& err);

enum class StartOutcome { kUnknownYet, kRuns, kFailed };
[[nodiscard]] StartOutcome outcome_of_start(const OwnedFd& outcome, SpawnFailed& failure);

}  // namespace convoke::launcher
