// registry_beat.lua, registry_commit.lua
#include <cstdint>

#include "tests/redis_stand_in/lua.h"
#include "tests/redis_stand_in/scripts.h"

namespace convoke::stand_in {
namespace {

std::int64_t number_or_0(const Value& told) { return told.is_nil() ? 0 : to_number(told.text); }

// ---- registry_beat.lua ----

// The server's keys, as the script has them.
enum BeatKey : std::size_t { kVersion = 1, kEngines = 2, kApplied = 3 };

void forget_silent(const Lua& lua, std::int64_t since) {
  const Value dead = lua.call({"ZRANGEBYSCORE", lua.key(kEngines), "-inf", since, "LIMIT", 0, 100});
  for (const Value& one : dead.elements) {
    lua.call({"ZREM", lua.key(kEngines), one.text});
    lua.call({"HDEL", lua.key(kApplied), one.text});
  }
}

void note_beat(const Lua& lua, std::int64_t now) {
  const std::string& engine = lua.arg(1);
  const std::string& has = lua.arg(2);
  lua.call({"ZREM", lua.key(kEngines), ""});
  forget_silent(lua, now - to_number(lua.arg(3)));
  lua.call({"ZADD", lua.key(kEngines), now, engine});
  const Value had = lua.call({"HGET", lua.key(kApplied), engine});
  if (!had.is_nil() && had.text == has) return;
  lua.call({"HSET", lua.key(kApplied), engine, has});
  lua.call({"PUBLISH", lua.arg(4), has});
}

std::int64_t least_applied(const Lua& lua, std::int64_t since) {
  std::int64_t least = -1;
  const Value living =
      lua.call({"ZRANGEBYSCORE", lua.key(kEngines), "(" + std::to_string(since), "+inf"});
  for (const Value& one : living.elements) {
    const std::int64_t version = number_or_0(lua.call({"HGET", lua.key(kApplied), one.text}));
    if (least < 0 || version < least) least = version;
  }
  return least;
}

// ---- registry_commit.lua ----

struct Step {
  std::string what;
  std::string key;
  std::string field;
};

std::vector<Step> steps_of(const Lua& lua) {
  std::vector<Step> steps;
  for (std::size_t at = 7; at <= lua.args();) {
    Step step{lua.arg(at), lua.key(static_cast<std::size_t>(to_number(lua.arg(at + 1)))), ""};
    at += 2;
    if (step.what == "put" || step.what == "del") step.field = lua.arg(at++);
    if (step.what == "keep" && lua.call({"EXISTS", step.key}).number == 0) {
      throw Refusal{"CODEGONE the code that came with the change is not there any more"};
    }
    steps.push_back(std::move(step));
  }
  return steps;
}

void take(const Lua& lua, const Step& step) {
  if (step.what == "put") lua.call({"HSET", step.key, step.field, lua.arg(6)});
  if (step.what == "del") lua.call({"HDEL", step.key, step.field});
  if (step.what == "keep") lua.call({"PERSIST", step.key});
  if (step.what == "drop") lua.call({"UNLINK", step.key});
}

}  // namespace

Value registry_beat(const Lua& lua) {
  const Value time = lua.call({"TIME"});
  const std::int64_t now =
      to_number(time.elements[0].text) * 1000 + to_number(time.elements[1].text) / 1000;
  if (!lua.arg(2).empty()) note_beat(lua, now);
  const std::int64_t least = least_applied(lua, now - to_number(lua.arg(3)));
  return array({integer(number_or_0(lua.call({"GET", lua.key(kVersion)}))), integer(least)});
}

Value registry_commit(const Lua& lua) {
  const std::int64_t there = number_or_0(lua.call({"GET", lua.key(1)}));
  if (there != to_number(lua.arg(1))) return integer(-there - 1);
  const std::vector<Step> steps = steps_of(lua);
  lua.call({"HDEL", lua.key(3), ""});
  const std::string version = std::to_string(there + 1);
  lua.call({"XADD", lua.key(2), "MAXLEN", "~", lua.arg(3), version + "-0", "by", lua.arg(4), "kind",
            lua.arg(5), "row", lua.arg(6)});
  lua.call({"INCR", lua.key(1)});
  for (const Step& step : steps) take(lua, step);
  lua.call({"PUBLISH", lua.arg(2), version});
  return integer(there + 1);
}

}  // namespace convoke::stand_in
