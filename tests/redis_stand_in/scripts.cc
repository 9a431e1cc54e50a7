#include "tests/redis_stand_in/scripts.h"

#include <map>
#include <vector>

#include "core/guard/shared/ledger_exchange.h"
#include "core/guard/shared/shared_limits.h"
#include "core/registry/shared/scripts.h"
#include "queue/queue.h"
#include "queue/redis/scripts.h"
#include "tests/redis_stand_in/records.h"

namespace convoke::stand_in {
namespace {

// ---- accept.lua ----

// "TRIGGER DUE": the name under which it is kept when the trigger fired last, and the due time.
struct Fires {
  std::string trigger;
  std::string due;
};
std::optional<Fires> fires(const std::string& limited) {
  const std::size_t space = limited.find(' ');
  if (space == std::string::npos) return std::nullopt;
  return Fires{"@timer-" + limited.substr(0, space), limited.substr(space + 1)};
}

bool has_fired(const Function& function, const Fires& fires) {
  const Value last = function.lua.call({"HGET", function.names, fires.trigger});
  return !last.is_nil() && to_number(last.text) >= to_number(fires.due);
}

int accept_one(const Function& function, const std::string& due, const std::string& limited,
               const std::string& call) {
  const auto firing = fires(limited);
  if (firing && has_fired(function, *firing)) return -1;
  const bool apart = lies_apart(call);
  if (apart && function.lua.call({"HLEN", function.event_key(call)}).number != pieces_of(call)) {
    return -2;
  }
  const std::string name = name_of(call);
  if (!name.empty() && !function.take_name(name, id_of(call))) return -1;
  if (has_history(name)) {
    const Records kept(function);
    function.lua.call({"HSET", kept.records, id_of(call), Records::record_of(call)});
    function.lua.call({"ZADD", kept.named, accepted_at(call), id_of(call)});
  }
  if (firing) function.lua.call({"HSET", function.names, firing->trigger, firing->due});
  if (due == "0") {
    function.lua.call({"XADD", function.stream, "*", "c", call});
  } else {
    function.lua.call({"ZADD", function.delayed, due, call});
  }
  if (apart) function.lua.call({"PERSIST", function.event_key(call)});
  return 1;
}

Value accept(const Lua& lua) {
  const Function function(lua);
  std::int64_t depth = lua.call({"XLEN", function.stream}).number;
  depth += lua.call({"ZCARD", function.delayed}).number;
  Value results = array();
  std::int64_t accepted = 0;
  for (std::size_t i = 2; i <= lua.args(); i += 3) {
    const bool full = lua.arg(i + 1) != "0" && depth >= to_number(lua.arg(1));
    const int result = full ? 0 : accept_one(function, lua.arg(i), lua.arg(i + 1), lua.arg(i + 2));
    results.elements.push_back(integer(result));
    if (result != 1) continue;
    ++depth;
    ++accepted;
  }
  function.count("accepted", accepted);
  return array({results, function.stand()});
}

// ---- stand.lua ----

Value stand(const Lua& lua) { return Function(lua).stand(); }

// ---- join.lua ----

Value join(const Lua& lua) {
  const Function function(lua);
  if (lua.call({"HGET", function.leases, lua.arg(1)}).text == "0") return error(kLeaseLost);
  lua.call({"HDEL", function.leases, ""});
  lua.pcall({"XGROUP", "CREATE", function.stream, "e", "0", "MKSTREAM"});
  lua.call({"HSET", function.leases, lua.arg(1), "1"});
  return ok();
}

// ---- finish.lua ----

struct Finished {
  std::int64_t settled = 0;
  std::int64_t ended = 0;
};

void write_anew(const Function& function, std::size_t i) {
  const Lua& lua = function.lua;
  const auto entry = function.entry_at(lua.arg(i + 1));
  if (!entry) return;
  const std::string call = lua.arg(i + 2) + behind_head(call_in(*entry));
  lua.call({"XDEL", function.stream, lua.arg(i + 1)});
  if (lua.arg(i) == "p") {
    lua.call({"ZADD", function.delayed, lua.arg(i + 3), call});
  } else {
    lua.call({"XADD", function.stream, "*", "c", call});
  }
}

// The ends that settle, by the places of their four arguments.
std::vector<std::size_t> settling(const Lua& lua) {
  std::vector<std::size_t> all;
  for (std::size_t i = 2; i <= lua.args(); i += 4) {
    if (lua.arg(i) == "s") all.push_back(i);
  }
  return all;
}

std::int64_t on_all(const Function& function, Words command, const std::vector<std::size_t>& ends) {
  for (const std::size_t i : ends) command.push_back(function.lua.arg(i + 1));
  return function.lua.call(command).number;
}

// Results by the places of their ends. At random there are never more than go together.
std::map<std::size_t, std::int64_t> settle_all(const Function& function, Finished& sum) {
  std::map<std::size_t, std::int64_t> results;
  const std::vector<std::size_t> ends = settling(function.lua);
  if (ends.empty()) return results;
  const std::int64_t acked = on_all(function, {"XACK", function.stream, "e"}, ends);
  sum.ended += acked;
  const bool whole = acked == static_cast<std::int64_t>(ends.size());
  if (whole) on_all(function, {"XDEL", function.stream}, ends);
  for (const std::size_t i : ends) {
    results[i] =
        whole ? 1 : function.lua.call({"XDEL", function.stream, function.lua.arg(i + 1)}).number;
  }
  return results;
}

std::int64_t begin_anew(const Function& function, std::size_t i) {
  const Lua& lua = function.lua;
  if (lua.call({"XACK", function.stream, "e", lua.arg(i + 1)}).number == 0) return 0;
  write_anew(function, i);
  return 1;
}

Value finish(const Lua& lua) {
  const Function function(lua);
  if (!function.holds_lease(lua.arg(1))) return error(kLeaseLost);
  Value results = array();
  Finished sum;
  std::map<std::size_t, std::int64_t> settled = settle_all(function, sum);
  for (std::size_t i = 2; i <= lua.args(); i += 4) {
    const bool settles = lua.arg(i) == "s";
    const std::int64_t result = settles ? settled[i] : begin_anew(function, i);
    results.elements.push_back(integer(result));
    if (!settles) sum.ended += result;
    if (!settles || result != 1) continue;
    ++sum.settled;
    function.free_name(lua.arg(i + 2));
    if (lua.arg(i + 3) != "0") lua.call({"UNLINK", function.key_of_event(lua.arg(i + 3))});
  }
  function.count("settled", sum.settled);
  function.count("claimed", -sum.ended);
  return array({results, function.stand()});
}

// ---- retire.lua ----

Value retire(const Lua& lua) {
  const Function function(lua);
  const std::string& incarnation = lua.arg(1);
  if (!function.holds_lease(incarnation)) return function.stand();
  std::int64_t held = 0;
  const Value summary = lua.call({"XPENDING", function.stream, "e"});
  for (const Value& consumer : summary.elements[3].elements) {
    if (consumer.elements[0].text == incarnation) held = to_number(consumer.elements[1].text);
  }
  lua.call({"HDEL", function.leases, ""});
  function.count("claimed", -held);
  if (held > 0) {
    lua.call({"HSET", function.leases, incarnation, "0"});
  } else {
    lua.call({"XGROUP", "DELCONSUMER", function.stream, "e", incarnation});
    lua.call({"HDEL", function.leases, incarnation});
  }
  return function.stand();
}

// ---- seek.lua ----

std::optional<std::string> holder_of(const Function& function, const std::string& place) {
  const Value pending = function.lua.pcall({"XPENDING", function.stream, "e", place, place, 1});
  if (pending.is_error() || pending.elements.empty()) return std::nullopt;
  return pending.elements[0].elements[1].text;
}

std::int64_t ready_before(const Function& function, std::size_t entries) {
  const std::int64_t before = to_number(function.lua.arg(6)) + static_cast<std::int64_t>(entries);
  return std::max<std::int64_t>(0, before - function.counted("claimed"));
}

std::int64_t left_before(const Function& function, const std::string& place) {
  std::size_t before = 0;
  const Value fields = function.lua.call({"HGETALL", function.leases});
  for (std::size_t i = 0; i < fields.elements.size(); i += 2) {
    if (fields.elements[i + 1].text != "0") continue;
    const Value left = function.lua.call(
        {"XPENDING", function.stream, "e", "-", "(" + place, 10001, fields.elements[i].text});
    before += left.elements.size();
  }
  return static_cast<std::int64_t>(before);
}

Value there(bool held, std::int64_t due, const std::string& call, std::int64_t ahead) {
  return array({bulk("there"), integer(held ? 1 : 0), integer(due), bulk(call), integer(ahead)});
}

Value on(const char* where, std::string from, std::int64_t before) {
  return array({bulk("on"), bulk(where), bulk(std::move(from)), integer(before)});
}

Value stop(const Function& function, const std::string& call) {
  const std::string name = name_of(call);
  if (has_history(name)) {
    Records(function).close(call, function.lua.arg(6), "", "");
  } else {
    function.free_name(name);
    function.let_event_go(call);
  }
  function.count("settled", 1);
  return array({bulk("stopped"), function.stand()});
}

Value seek_in_stream(const Function& function) {
  const Lua& lua = function.lua;
  const Value entries = lua.call({"XRANGE", function.stream, lua.arg(3), "+", "COUNT", lua.arg(4)});
  if (entries.is_nil()) throw Refusal{"ERR user_script: table expected, got boolean"};
  for (std::size_t i = 0; i < entries.elements.size(); ++i) {
    const std::string& call = call_in(entries.elements[i]);
    const std::string& place = place_in(entries.elements[i]).text;
    if (id_of(call) != lua.arg(1)) continue;
    const auto holder = holder_of(function, place);
    if (holder && function.holds_lease(*holder)) return there(true, -1, call, -1);
    if (lua.arg(5) != "stop") {
      return there(false, -1, call,
                   holder ? left_before(function, place) : ready_before(function, i));
    }
    lua.pcall({"XACK", function.stream, "e", place});
    lua.call({"XDEL", function.stream, place});
    return stop(function, call);
  }
  const auto found = static_cast<std::int64_t>(entries.elements.size());
  if (found < to_number(lua.arg(4))) return on("d", "0", 0);
  if (found == 0) throw Refusal{"ERR user_script: attempt to index a nil value"};
  return on("q", "(" + place_in(entries.elements.back()).text,
            lua.arg(5) == "stop" ? 0 : ready_before(function, entries.elements.size()));
}

Value seek(const Lua& lua) {
  const Function function(lua);
  if (lua.arg(2) == "q") return seek_in_stream(function);
  const Value page = lua.call({"ZSCAN", function.delayed, lua.arg(3), "COUNT", lua.arg(4)});
  const std::vector<Value>& members = page.elements[1].elements;
  for (std::size_t i = 0; i < members.size(); i += 2) {
    const std::string& call = members[i].text;
    if (id_of(call) != lua.arg(1)) continue;
    const auto due = static_cast<std::int64_t>(score_of(members[i + 1].text));
    if (lua.arg(5) != "stop") return there(false, due, call, -1);
    lua.call({"ZREM", function.delayed, call});
    return stop(function, call);
  }
  if (page.elements[0].text == "0") return array({bulk("gone")});
  return on("d", page.elements[0].text, 0);
}

// ---- put_piece.lua ----

Value put_piece(const Lua& lua) {
  lua.call({"HSET", lua.key(1), lua.arg(1), lua.arg(2)});
  lua.call({"PEXPIRE", lua.key(1), lua.arg(3)});
  return ok();
}

// ---- enter.lua, enlist.lua, heartbeat.lua, condemn.lua ----

Value enter(const Lua& lua) {
  lua.call({"PERSIST", lua.key(1)});
  lua.call({"SETNX", lua.key(1), lua.arg(1)});
  return lua.call({"INCR", lua.key(1)});
}

Value enlist(const Lua& lua) {
  lua.call({"SREM", lua.key(1), ""});
  return lua.call({"SADD", lua.key(1), lua.arg(1)});
}

std::int64_t time_of(const Lua& lua) {
  const Value time = lua.call({"TIME"});
  return to_number(time.elements[0].text) * 1000 + to_number(time.elements[1].text) / 1000;
}

Value heartbeat(const Lua& lua) {
  const std::int64_t now = time_of(lua);
  const std::string& engines = lua.key(1);
  const Value last = lua.call({"ZSCORE", engines, lua.arg(1)});
  if (last.text == "0" || (lua.arg(2) == "0" && last.is_nil())) return error(kLeaseLost);
  lua.call({"ZREM", engines, ""});
  lua.call({"ZADD", engines, now, lua.arg(1)});
  return lua.call({"ZRANGEBYSCORE", engines, "-inf", now - to_number(lua.arg(3)), "LIMIT", 0, 100});
}

Value condemn(const Lua& lua) {
  const std::int64_t now = time_of(lua);
  const std::string& engines = lua.key(1);
  const Value last = lua.call({"ZSCORE", engines, lua.arg(1)});
  if (last.is_nil()) return integer(1);
  if (score_of(last.text) > static_cast<double>(now - to_number(lua.arg(2)))) return integer(0);
  lua.call({"ZREM", engines, ""});
  lua.call({"ZADD", engines, 0, lua.arg(1)});
  return integer(1);
}

}  // namespace

ScriptFunction find_script(const std::string& sha1) {
  const redis::Scripts& texts = redis::scripts();
  static const std::map<std::string, ScriptFunction> all = {
      {texts.accept.sha1(), accept},
      {texts.join.sha1(), join},
      {texts.claim.sha1(), claim},
      {texts.claimed.sha1(), claimed},
      {texts.finish.sha1(), finish},
      {texts.retire.sha1(), retire},
      {texts.seek.sha1(), seek},
      {texts.enter.sha1(), enter},
      {texts.heartbeat.sha1(), heartbeat},
      {texts.conclude.sha1(), conclude},
      {texts.note.sha1(), note},
      {texts.collect.sha1(), collect},
      {texts.purge.sha1(), purge},
      {texts.take.sha1(), take},
      {texts.stand.sha1(), stand},
      {texts.condemn.sha1(), condemn},
      {texts.put_piece.sha1(), put_piece},
      {texts.enlist.sha1(), enlist},
      {shared_registry::beat_script().sha1(), registry_beat},
      {shared_registry::commit_script().sha1(), registry_commit},
      {share_script().sha1(), share},
      {charge_script().sha1(), charge},
  };
  const auto found = all.find(sha1);
  return found == all.end() ? nullptr : found->second;
}

Value run(ScriptFunction script, const Lua& lua) {
  try {
    return script(lua);
  } catch (const Refusal& refusal) {
    return error(refusal.text);
  }
}

}  // namespace convoke::stand_in
