// What the scripts that write the history begin with: records.lua.
#pragma once

#include <cstdint>
#include <string>

#include "tests/redis_stand_in/prelude.h"

namespace convoke::stand_in {

// text:sub(from, to), and to the end.
[[nodiscard]] std::string sub(const std::string& text, std::size_t from, std::size_t to);
[[nodiscard]] std::string sub(const std::string& text, std::size_t from);
[[nodiscard]] std::string bytes_of(std::int64_t value, int size);

// The history's keys of a function, and what is done with them. The function outlives it.
struct Records {
  explicit Records(const Function& its) : function(its), lua(its.lua) {}

  // The record of a call that has just come.
  [[nodiscard]] static std::string record_of(const std::string& call);
  [[nodiscard]] static std::size_t texts_end(const std::string& record);
  [[nodiscard]] std::string with_attempt(const std::string& record, const std::string& id,
                                         const std::string& attempt, const std::string& due,
                                         const std::string& retries) const;
  void close(const std::string& call, const std::string& attempt, const std::string& status,
             const std::string& result) const;
  void forget(const std::string& id, const std::string& record) const;

  const Function& function;
  const Lua& lua;
  const std::string& records = lua.key(6);
  const std::string& attempts = lua.key(7);
  const std::string& events = lua.key(8);
  const std::string& results = lua.key(9);
  const std::string& named = lua.key(10);
  const std::string& failed = lua.key(11);
  const std::string& over = lua.key(12);
  const std::string& under_way = lua.key(13);
  const std::string& early = lua.key(14);
  const std::string& taken = lua.key(15);

 private:
  [[nodiscard]] std::string status_after(const std::string& record, const std::string& id,
                                         const std::string& status) const;
};

}  // namespace convoke::stand_in
