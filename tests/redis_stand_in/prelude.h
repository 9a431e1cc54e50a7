// What every script of a function begins with: prelude.lua.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tests/redis_stand_in/lua.h"

namespace convoke::stand_in {

inline constexpr const char* kLeaseLost = "LEASELOST this incarnation was retired";

// Of a call.
[[nodiscard]] std::int64_t number_at(const std::string& bytes, std::size_t from, std::size_t to);
[[nodiscard]] std::int64_t accepted_at(const std::string& call);
[[nodiscard]] std::string id_of(const std::string& call);
[[nodiscard]] std::string behind_head(const std::string& call);
[[nodiscard]] std::string name_of(const std::string& call);

[[nodiscard]] bool lies_apart(const std::string& call);
[[nodiscard]] std::string event_of(const std::string& call);
[[nodiscard]] std::int64_t pieces_of(const std::string& call);

// Of an entry, {id, {field, call}}.
[[nodiscard]] inline const Value& place_in(const Value& entry) { return entry.elements[0]; }
[[nodiscard]] inline const Value& call_value_in(const Value& entry) {
  return entry.elements[1].elements[1];
}
[[nodiscard]] inline const std::string& call_in(const Value& entry) {
  return call_value_in(entry).text;
}
// nullopt: nil.
[[nodiscard]] std::optional<Value> first_of(const Value& entries);

// The keys of a function, and what each script does with them. The script's view outlives it.
struct Function {
  explicit Function(const Lua& its) : lua(its) {}

  [[nodiscard]] bool holds_lease(const std::string& incarnation) const;
  // Of a call.
  void free_name(const std::string& name) const;
  [[nodiscard]] bool take_name(const std::string& name, const std::string& id) const;
  void count(const char* field, std::int64_t by) const;
  [[nodiscard]] Value stand() const;
  [[nodiscard]] std::optional<Value> entry_at(const std::string& id) const;
  [[nodiscard]] std::int64_t counted(const char* field) const;
  // Of an event that lies apart.
  [[nodiscard]] std::string key_of_event(const std::string& id) const;
  [[nodiscard]] std::string event_key(const std::string& call) const;
  void let_event_go(const std::string& call) const;

  [[nodiscard]] std::string tag() const;  // what the function's keys begin with
  [[nodiscard]] std::string key_of_ended(const std::string& name) const;

  const Lua& lua;
  const std::string& stream = lua.key(1);
  const std::string& delayed = lua.key(2);
  const std::string& counts = lua.key(3);
  const std::string& leases = lua.key(4);
  const std::string& names = lua.key(5);
};

}  // namespace convoke::stand_in
