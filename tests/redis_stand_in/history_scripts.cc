// conclude.lua, note.lua, collect.lua, purge.lua, take.lua
#include "tests/redis_stand_in/records.h"
#include "tests/redis_stand_in/scripts.h"

namespace convoke::stand_in {
namespace {

// ---- conclude.lua ----

struct Concluded {
  std::int64_t settled = 0;
  std::int64_t ended = 0;
};

void postpone(const Records& kept, const std::string& call, std::size_t i) {
  const Lua& lua = kept.lua;
  const std::string id = id_of(call);
  const std::string& head = lua.arg(i + 2);
  lua.call({"ZADD", kept.function.delayed, lua.arg(i + 3), head + behind_head(call)});
  const Value known = lua.call({"HGET", kept.records, id});
  if (known.is_nil()) return;
  const auto due = static_cast<std::int64_t>(score_of(lua.arg(i + 3)));
  lua.call(
      {"HSET", kept.records, id,
       kept.with_attempt(known.text, id, lua.arg(i + 4), bytes_of(due, 6), sub(head, 33, 34))});
}

void give_back(const Records& kept, const std::string& call, const std::string& head) {
  kept.lua.call({"HDEL", kept.under_way, id_of(call)});
  kept.lua.call({"XADD", kept.function.stream, "*", "c", head + behind_head(call)});
}

void delivered(const Records& kept, const std::string& name, std::size_t i) {
  const Lua& lua = kept.lua;
  const std::string& id = lua.arg(i + 2);
  const std::string& status = lua.arg(i + 5);
  kept.function.free_name(name);
  const Value record = lua.call({"HGET", kept.records, id});
  if (!record.is_nil()) {
    const std::string& bytes = record.text;
    lua.call({"HSET", kept.records, id, sub(bytes, 1, Records::texts_end(bytes)) + status});
  } else if (lua.call({"HEXISTS", kept.early, id}).number == 1) {
    lua.call({"HSET", kept.early, id, status});
  }
}

// The end whose seven arguments begin at `i`.
int conclude_one(const Records& kept, std::size_t i, Concluded& sum) {
  const Lua& lua = kept.lua;
  const std::string& what = lua.arg(i);
  const std::string& place = lua.arg(i + 1);
  const auto entry = kept.function.entry_at(place);
  if (lua.call({"XACK", kept.function.stream, "e", place}).number == 0) return 0;
  ++sum.ended;
  if (what == "s" || what == "d") ++sum.settled;
  if (!entry) return 1;
  const std::string call = call_in(*entry);
  lua.call({"XDEL", kept.function.stream, place});
  if (what == "s") {
    kept.close(call, lua.arg(i + 4), lua.arg(i + 5), lua.arg(i + 6));
  } else if (what == "d") {
    delivered(kept, name_of(call), i);
    kept.function.let_event_go(call);
  } else if (what == "p") {
    postpone(kept, call, i);
  } else {
    give_back(kept, call, lua.arg(i + 2));
  }
  return 1;
}

// ---- collect.lua ----

void remove(const Records& kept, const std::string& id) {
  const Value record = kept.lua.call({"HGET", kept.records, id});
  if (!record.is_nil()) return kept.forget(id, record.text);
  kept.lua.call({"ZREM", kept.over, id});
}

bool too_much(const Records& kept) {
  const Lua& lua = kept.lua;
  if (lua.call({"ZCARD", kept.over}).number > to_number(lua.arg(2))) return true;
  const Value bytes = lua.call({"HGET", kept.function.counts, "kept"});
  return !bytes.is_nil() && to_number(bytes.text) > to_number(lua.arg(3));
}

}  // namespace

Value conclude(const Lua& lua) {
  const Function function(lua);
  const Records kept(function);
  if (!function.holds_lease(lua.arg(1))) return error(kLeaseLost);
  Value outcomes = array();
  Concluded sum;
  for (std::size_t i = 2; i <= lua.args(); i += 7) {
    outcomes.elements.push_back(integer(conclude_one(kept, i, sum)));
  }
  function.count("settled", sum.settled);
  function.count("claimed", -sum.ended);
  return array({outcomes, function.stand()});
}

Value note(const Lua& lua) {
  const Function function(lua);
  const Records kept(function);
  if (!function.holds_lease(lua.arg(1))) return error(kLeaseLost);
  for (std::size_t i = 2; i <= lua.args(); i += 2) {
    if (lua.arg(i + 1).empty()) {
      lua.call({"HDEL", kept.under_way, lua.arg(i)});
      continue;
    }
    const Value record = lua.call({"HGET", kept.records, lua.arg(i)});
    if (!record.is_nil() && sub(record.text, 20, 25) == std::string(6, '\0')) {
      lua.call({"HSET", kept.under_way, lua.arg(i), lua.arg(i + 1)});
    }
  }
  return ok();
}

Value collect(const Lua& lua) {
  const Function function(lua);
  const Records kept(function);
  const std::int64_t at_most = to_number(lua.arg(4));
  const Value aged =
      lua.call({"ZRANGEBYSCORE", kept.over, "-inf", "(" + lua.arg(1), "LIMIT", 0, lua.arg(4)});
  for (const Value& id : aged.elements) remove(kept, id.text);
  const auto removed = static_cast<std::int64_t>(aged.elements.size());
  std::int64_t for_room = 0;
  while (removed + for_room < at_most && too_much(kept)) {
    const Value oldest = lua.call({"ZRANGE", kept.over, 0, 0});
    if (oldest.elements.empty()) break;
    remove(kept, oldest.elements[0].text);
    ++for_room;
  }
  const bool more = removed + for_room == at_most;
  return array({integer(removed), integer(for_room), integer(more ? 1 : 0)});
}

Value take(const Lua& lua) {
  const Function function(lua);
  const Records kept(function);
  Value results = array();
  for (std::size_t i = 3; i <= lua.args(); ++i) {
    const std::string& id = lua.arg(i);
    const Value record = lua.call({"HGET", kept.records, id});
    const std::int64_t state = record.is_nil() ? 0 : number_at(record.text, 1, 1);
    bool ours = state == 5 || state == 8;
    if (ours) {
      const Value theirs = lua.call({"HGET", kept.taken, id});
      ours = theirs.is_nil() || to_number(theirs.text) <= to_number(lua.arg(1));
    }
    if (ours) lua.call({"HSET", kept.taken, id, lua.arg(2)});
    results.elements.push_back(integer(ours ? 1 : 0));
  }
  return results;
}

Value purge(const Lua& lua) {
  const Function function(lua);
  const Records kept(function);
  std::int64_t purged = 0;
  for (std::size_t i = 1; i <= lua.args(); ++i) {
    const Value record = lua.call({"HGET", kept.records, lua.arg(i)});
    const std::int64_t state = record.is_nil() ? 0 : number_at(record.text, 1, 1);
    if (state != 5 && state != 8) continue;
    kept.forget(lua.arg(i), record.text);
    ++purged;
  }
  return integer(purged);
}

}  // namespace convoke::stand_in
