// L1 to L8 of LEASE.md, as they are judged. nullptr: all is well; else what is not.
#pragma once

#include "tests/model/lease/rules.h"
#include "tests/model/lease/state.h"

namespace convoke::lease {

// Of every state.
[[nodiscard]] const char* judge(Servers& servers, const State& state);
// Of a command that changed the server: `before` is how it stood then. Notes what has ended.
[[nodiscard]] const char* judge_executed(Servers& servers, State& state, Servers::Id before,
                                         const Sent& sent);
// Of an attempt that is about to begin. Notes it.
[[nodiscard]] const char* judge_begun(Servers& servers, State& state, const Engine& engine,
                                      const redis::Held& held);
// L8: what the server's counts say, whatever the engines do.
[[nodiscard]] const char* judge_counts(Servers& servers, const State& state);

// Who has a lease and has been silent for long enough to be dead.
[[nodiscard]] std::set<std::string> who_must_be_dead(Servers& servers, Servers::Id server);

}  // namespace convoke::lease
