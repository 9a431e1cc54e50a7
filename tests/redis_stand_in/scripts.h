// Convoke's Lua scripts as functions, each to be read beside its text (queue/redis/*.lua,
// core/registry/shared/*.lua, core/guard/shared/*.lua).
#pragma once

#include <string>

#include "tests/redis_stand_in/lua.h"

namespace convoke::stand_in {

using ScriptFunction = Value (*)(const Lua& lua);  // may throw Refusal

// claim_script.cc
[[nodiscard]] Value claim(const Lua& lua);
[[nodiscard]] Value claimed(const Lua& lua);
// history_scripts.cc
[[nodiscard]] Value conclude(const Lua& lua);
[[nodiscard]] Value note(const Lua& lua);
[[nodiscard]] Value collect(const Lua& lua);
[[nodiscard]] Value purge(const Lua& lua);
[[nodiscard]] Value take(const Lua& lua);

// registry_scripts.cc
[[nodiscard]] Value registry_beat(const Lua& lua);
[[nodiscard]] Value registry_commit(const Lua& lua);

[[nodiscard]] Value share(const Lua& lua);   // share_script.cc
[[nodiscard]] Value charge(const Lua& lua);  // charge_script.cc

// nullptr: no script of Convoke's has this SHA1.
[[nodiscard]] ScriptFunction find_script(const std::string& sha1);
// What an error has left done stays done, as with Redis.
[[nodiscard]] Value run(ScriptFunction script, const Lua& lua);

}  // namespace convoke::stand_in
