// claim.lua, claimed.lua
#include <algorithm>

#include "tests/redis_stand_in/prelude.h"
#include "tests/redis_stand_in/scripts.h"

namespace convoke::stand_in {
namespace {

void make_due_ready(const Function& function, const std::string& now) {
  const Lua& lua = function.lua;
  const Value due = lua.call({"ZRANGEBYSCORE", function.delayed, "-inf", now, "LIMIT", 0, 1000});
  for (const Value& call : due.elements) {
    lua.call({"ZREM", function.delayed, call.text});
    lua.call({"XADD", function.stream, "*", "c", call.text});
  }
}

Value taken_call(const Value& entry, std::int64_t deliveries) {
  return array({place_in(entry), call_value_in(entry), integer(deliveries)});
}

Value given_back(const Function& function) {
  const Lua& lua = function.lua;
  Value again = array();
  for (std::size_t i = 4; i <= lua.args(); ++i) {
    const std::string& id = lua.arg(i);
    const auto entry = function.entry_at(id);
    const auto delivery =
        first_of(lua.call({"XPENDING", function.stream, "e", id, id, 1, lua.arg(1)}));
    if (entry && delivery) {
      again.elements.push_back(taken_call(*entry, delivery->elements[3].number));
    }
  }
  return again;
}

Words retired_in(const Function& function) {
  Words retired;
  const Value fields = function.lua.call({"HGETALL", function.leases});
  for (std::size_t i = 0; i < fields.elements.size(); i += 2) {
    if (fields.elements[i + 1].text == "0") retired.push_back(fields.elements[i].text);
  }
  std::sort(retired.begin(), retired.end(),
            [](const std::string& a, const std::string& b) { return to_number(a) < to_number(b); });
  return retired;
}

// Whether it has left nothing more.
bool take_from(const Function& function, const std::string& who, std::int64_t max, Value& taken) {
  const Lua& lua = function.lua;
  const std::int64_t most = max - static_cast<std::int64_t>(taken.elements.size());
  const Value pending = lua.call({"XPENDING", function.stream, "e", "-", "+", most, who});
  for (const Value& one : pending.elements) {
    const auto entry =
        first_of(lua.call({"XCLAIM", function.stream, "e", lua.arg(1), 0, one.elements[0].text}));
    if (entry) taken.elements.push_back(taken_call(*entry, one.elements[3].number + 1));
  }
  if (static_cast<std::int64_t>(pending.elements.size()) >= most) return false;
  lua.call({"XGROUP", "DELCONSUMER", function.stream, "e", who});
  lua.call({"HDEL", function.leases, who});
  return true;
}

void take_ready(const Function& function, std::int64_t max, Value& taken) {
  const Value read = function.lua.call({"XREADGROUP", "GROUP", "e", function.lua.arg(1), "COUNT",
                                        max, "STREAMS", function.stream, ">"});
  if (read.is_nil()) return;
  for (const Value& entry : read.elements[0].elements[1].elements) {
    taken.elements.push_back(taken_call(entry, 1));
  }
  function.lua.call({"HSET", function.counts, "last", taken.elements.back().elements[0].text});
}

std::optional<Value> first_left(const Function& function, const Words& retired) {
  const Lua& lua = function.lua;
  for (const std::string& who : retired) {
    const auto pending = first_of(lua.call({"XPENDING", function.stream, "e", "-", "+", 1, who}));
    if (pending) return function.entry_at(pending->elements[0].text);
  }
  const Value last = lua.call({"HGET", function.counts, "last"});
  const std::string from = last.is_nil() ? "-" : "(" + last.text;
  return first_of(lua.call({"XRANGE", function.stream, from, "+", "COUNT", 1}));
}

}  // namespace

Value claim(const Lua& lua) {
  const Function function(lua);
  if (!function.holds_lease(lua.arg(1))) return error(kLeaseLost);
  make_due_ready(function, lua.arg(3));
  const Value again = given_back(function);
  const Words retired = retired_in(function);
  const std::int64_t max = to_number(lua.arg(2));
  Value taken = array();
  const auto some = [&] { return max - static_cast<std::int64_t>(taken.elements.size()); };
  std::size_t left_over = retired.size();
  for (const std::string& who : retired) {
    if (some() > 0 && take_from(function, who, max, taken)) --left_over;
  }
  if (some() > 0) take_ready(function, some(), taken);
  function.count("claimed", static_cast<std::int64_t>(taken.elements.size()));

  const Value told = function.stand();
  const bool is_left = told.elements[3].number > told.elements[1].number;
  const auto left = is_left ? first_left(function, retired) : std::nullopt;
  return array(
      {again, taken, told, integer(left ? accepted_at(call_in(*left)) : -1), count(left_over)});
}

Value claimed(const Lua& lua) {
  const Function function(lua);
  const std::string& incarnation = lua.arg(1);
  lua.call({"HDEL", function.leases, ""});
  std::int64_t claimed = 0;
  std::int64_t mine = 0;
  const Value pending = lua.call({"XPENDING", function.stream, "e"});
  for (const Value& one : pending.elements[3].elements) {
    const std::int64_t held = to_number(one.elements[1].text);
    const std::string& who = one.elements[0].text;
    const Value lease = lua.call({"HGET", function.leases, who});
    if (lease.text == "1") claimed += held;
    if (who == incarnation) {
      mine = held;
    } else if (lease.is_nil() && parse_integer(who)) {
      lua.call({"HSET", function.leases, who, "0"});
    }
  }
  if (!function.holds_lease(incarnation)) {
    if (mine > 0) {
      lua.call({"HSET", function.leases, incarnation, "0"});
    } else {
      lua.call({"XGROUP", "DELCONSUMER", function.stream, "e", incarnation});
    }
    return error(kLeaseLost);
  }

  std::string last = "0-0";
  const Value groups = lua.call({"XINFO", "GROUPS", function.stream});
  for (const Value& group : groups.elements) {
    if (group.elements[1].text == "e") last = group.elements[3].text;
  }
  lua.call({"HSET", function.counts, "claimed", claimed, "last", last});
  const Value told = function.stand();
  const bool is_left = told.elements[3].number > told.elements[1].number;
  const auto left =
      is_left ? first_of(lua.call({"XRANGE", function.stream, "(" + last, "+", "COUNT", 1}))
              : std::nullopt;
  return array(
      {told, integer(left ? accepted_at(call_in(*left)) : -1), count(retired_in(function).size())});
}

}  // namespace convoke::stand_in
