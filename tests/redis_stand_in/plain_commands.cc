// Strings, sets, keys and the clock.
#include <cstdint>
#include <map>
#include <string>

#include "tests/redis_stand_in/command_table.h"

namespace convoke::stand_in {
namespace {

Value get(const Call& call) {
  const String* const text = call.data.find<String>(call.key());
  return text == nullptr ? nil() : bulk(*text);
}

Value set(const Call& call) {
  call.data.set(call.key(), call.words[2]);
  return ok();
}

Value setnx(const Call& call) {
  if (call.data.find<String>(call.key()) != nullptr) return integer(0);
  call.data.set(call.key(), call.words[2]);
  return integer(1);
}

Value incr(const Call& call) {
  const String* const text = call.data.find<String>(call.key());
  const std::int64_t before = text == nullptr ? 0 : integer_of(*text);
  if (before == INT64_MAX) throw Refusal{"ERR increment or decrement would overflow"};
  call.data.set(call.key(), std::to_string(before + 1));
  return integer(before + 1);
}

Value del(const Call& call) {
  std::size_t erased = 0;
  for (std::size_t i = 1; i < call.words.size(); ++i) {
    if (call.data.erase(call.words[i])) ++erased;
  }
  return count(erased);
}

Value exists(const Call& call) {
  std::size_t there = 0;
  for (std::size_t i = 1; i < call.words.size(); ++i)
    there += call.data.keys().count(call.words[i]);
  return count(there);
}

Value sadd(const Call& call) {
  Set& members = call.data.make<Set>(call.key());
  std::size_t added = 0;
  for (std::size_t i = 2; i < call.words.size(); ++i) {
    if (members.insert(call.words[i]).second) ++added;
  }
  return count(added);
}

Value srem(const Call& call) {
  Set* const members = call.data.find<Set>(call.key());
  if (members == nullptr) return integer(0);
  std::size_t removed = 0;
  for (std::size_t i = 2; i < call.words.size(); ++i) removed += members->erase(call.words[i]);
  erase_if_empty(call.data, call.key(), *members);
  return count(removed);
}

Value smembers(const Call& call) {
  Value all = array();
  if (const Set* const members = call.data.find<Set>(call.key())) {
    for (const std::string& member : *members) all.elements.push_back(bulk(member));
  }
  return all;
}

// As a server is set that loses nothing.
Value config(const Call& call) {
  static const std::map<std::string, std::string> kSettings = {
      {"appendonly", "yes"}, {"appendfsync", "always"}, {"maxmemory-policy", "noeviction"}};
  const auto found = kSettings.find(call.words[2]);
  if (found == kSettings.end()) return array();
  return array({bulk(found->first), bulk(found->second)});
}

Value time(const Call& call) {
  return array(
      {bulk(std::to_string(call.now_ms / 1000)), bulk(std::to_string(call.now_ms % 1000 * 1000))});
}

}  // namespace

void add_plain_commands(CommandTable& table) {
  table["get"] = {2, get};
  table["set"] = {3, set, Access::kNeedsMemory};
  table["setnx"] = {3, setnx, Access::kNeedsMemory};
  table["incr"] = {2, incr, Access::kNeedsMemory};
  table["exists"] = {-2, exists};
  table["unlink"] = {-2, del, Access::kRemoves};
  table["del"] = {-2, del, Access::kRemoves};
  table["sadd"] = {-3, sadd, Access::kNeedsMemory};
  table["srem"] = {-3, srem, Access::kRemoves};
  table["smembers"] = {2, smembers};
  table["config"] = {3, config};
  table["time"] = {1, time};
}

}  // namespace convoke::stand_in
