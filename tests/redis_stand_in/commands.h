// A Redis server without its wires: databases, scripts and the commands that Convoke sends, or its
// scripts do, answered as Redis 7.0 answers them. Time is an argument.
//
// What a command of Redis can do beyond that is refused (ERR syntax error), not guessed at. Scripts
// are known by their SHA1 (scripts.h); a text that is none of Convoke's is refused.
//
// stand_in_test compares it with a real server.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/model/instant.h"
#include "tests/redis_stand_in/arguments.h"
#include "tests/redis_stand_in/data.h"
#include "tests/redis_stand_in/lua.h"
#include "tests/redis_stand_in/value.h"

namespace convoke::stand_in {

// What a connection has of its own.
struct Session {
  unsigned db = 0;
  bool authenticated = false;
  // Between MULTI and EXEC: what is to be executed, unless something of it was refused already.
  std::optional<std::vector<Words>> transaction;
  bool spoiled = false;
};

class Commands {
 public:
  // `words` is not empty.
  [[nodiscard]] Value execute(Session& session, const Words& words, WallTime now);

  // AUTH is wanted, by this password; empty: it is not.
  void require_password(std::string password) { password_ = std::move(password); }
  // What scripts have published since this was last asked.
  [[nodiscard]] Lua::Published take_published() { return std::exchange(published_, {}); }
  // As a server over its `maxmemory`, with `noeviction`.
  void set_memory(Memory memory) { memory_ = memory; }
  // As a server that starts: what scripts it had loaded is not kept with the data.
  void forget_scripts() { loaded_.clear(); }
  [[nodiscard]] Data& data(unsigned db = 0) { return databases_[db]; }

 private:
  [[nodiscard]] Value authenticate(Session& session, const Words& words) const;
  [[nodiscard]] Value load(const std::string& text);
  [[nodiscard]] bool no_memory_for(const Words& words) const;
  [[nodiscard]] Value in_transaction(Session& session, const Words& words, WallTime now);
  [[nodiscard]] Value queue(Session& session, const Words& words) const;
  [[nodiscard]] Value run_script(Session& session, const Words& words, WallTime now);

  std::string password_;
  Lua::Published published_;
  Memory memory_ = Memory::kEnough;
  std::map<unsigned, Data> databases_;
  std::set<std::string> loaded_;  // by SHA1
};

}  // namespace convoke::stand_in
