// charge.lua
#include <cstdint>
#include <string>

#include "tests/redis_stand_in/lua.h"
#include "tests/redis_stand_in/scripts.h"

namespace convoke::stand_in {
namespace {

unsigned char first_byte(const std::string& text) { return static_cast<unsigned char>(text.at(0)); }

// What is kept, its own included.
std::int64_t keep_calls(const Lua& lua) {
  std::int64_t kept = lua.call({"HLEN", lua.key(2)}).number;
  const std::int64_t most = to_number(lua.arg(5));
  for (std::size_t i = 6; i <= lua.args(); i += 2) {
    const Value known = lua.call({"HGET", lua.key(2), lua.arg(i)});
    if (known.is_nil() && kept < most) {
      kept += lua.call({"HSET", lua.key(2), lua.arg(i), lua.arg(i + 1)}).number;
    } else if (!known.is_nil() && first_byte(lua.arg(i + 1)) >= first_byte(known.text)) {
      lua.call({"HSET", lua.key(2), lua.arg(i), lua.arg(i + 1)});
    }
  }
  return kept;
}

}  // namespace

Value charge(const Lua& lua) {
  lua.call({"HDEL", lua.key(1), ""});
  Value all = array();
  std::size_t i = 0;
  for (const char* const name : {"invocations", "attempts", "ms"}) {
    all.elements.push_back(lua.call({"HINCRBY", lua.key(1), name, lua.arg(++i)}));
  }
  lua.call({"PEXPIRE", lua.key(1), lua.arg(4)});
  if (keep_calls(lua) > 0) lua.call({"PEXPIRE", lua.key(2), lua.arg(4)});
  return all;
}

}  // namespace convoke::stand_in
