// What the commands on data are: a name, how many words, a function. Each file of commands adds its
// own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "tests/redis_stand_in/arguments.h"
#include "tests/redis_stand_in/data.h"
#include "tests/redis_stand_in/value.h"

namespace convoke::stand_in {

// One command under way. `words` begins with its name.
struct Call {
  Data& data;
  const Words& words;
  std::int64_t now_ms;

  [[nodiscard]] const std::string& key() const { return words[1]; }
};

// What a server that is full refuses: that which needs memory.
enum class Access : std::uint8_t { kReads, kRemoves, kNeedsMemory };

struct Command {
  int arity = 0;                             // words, the name included; negative: at least so many
  Value (*run)(const Call& call) = nullptr;  // may throw Refusal and WrongKind
  Access access = Access::kReads;
};

using CommandTable = std::unordered_map<std::string, Command>;

void add_plain_commands(CommandTable& table);  // strings, sets, keys, the clock
void add_expiry_commands(CommandTable& table);
void add_hash_commands(CommandTable& table);
void add_sorted_set_commands(CommandTable& table);
void add_stream_commands(CommandTable& table);
void add_group_commands(CommandTable& table);

// Runs a command on data. What it throws has become an error.
[[nodiscard]] Value run_on_data(const Call& call);
// What is refused of it before it is executed: it is unknown, or has too many words or too few.
[[nodiscard]] std::optional<Value> refused_unheard(const Words& words);
[[nodiscard]] Access access_of(const Words& words);
[[nodiscard]] Value wrong_number_of_words(const std::string& command);
[[nodiscard]] inline Refusal syntax_error() { return {"ERR syntax error"}; }

// From the word at `from` to the last.
[[nodiscard]] std::vector<StreamId> strict_ids_of(const Words& words, std::size_t from);
[[nodiscard]] Value entry_value(const StreamId& id, const Stream::Fields& fields);

// Redis keeps no empty hashes, sets and sorted sets.
template <class Kind>
void erase_if_empty(Data& data, const std::string& key, const Kind& datum) {
  if (datum.empty()) data.erase(key);
}

}  // namespace convoke::stand_in
