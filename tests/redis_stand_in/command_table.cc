#include "tests/redis_stand_in/command_table.h"

#include <cstdlib>

namespace convoke::stand_in {
namespace {

CommandTable made_table() {
  CommandTable table;
  add_plain_commands(table);
  add_expiry_commands(table);
  add_hash_commands(table);
  add_sorted_set_commands(table);
  add_stream_commands(table);
  add_group_commands(table);
  return table;
}

const CommandTable& table() {
  static const CommandTable all = made_table();
  return all;
}

bool fits(int arity, std::size_t words) {
  return arity < 0 ? words >= static_cast<std::size_t>(-arity)
                   : words == static_cast<std::size_t>(arity);
}

Value unknown(const Words& words) {
  std::string text = "ERR unknown command '" + words[0] + "', with args beginning with: ";
  for (std::size_t i = 1; i < words.size(); ++i) text += "'" + words[i] + "' ";
  return error(text);
}

}  // namespace

Value wrong_number_of_words(const std::string& command) {
  return error("ERR wrong number of arguments for '" + in_lower_case(command) + "' command");
}

Access access_of(const Words& words) {
  const auto found = table().find(in_lower_case(words[0]));
  if (found == table().end()) return Access::kReads;
  const bool removes =
      words.size() > 1 && is_option(words[0], "xgroup") && is_option(words[1], "delconsumer");
  return removes ? Access::kRemoves : found->second.access;
}

std::optional<Value> refused_unheard(const Words& words) {
  const auto found = table().find(in_lower_case(words[0]));
  if (found == table().end()) return unknown(words);
  if (!fits(found->second.arity, words.size())) return wrong_number_of_words(words[0]);
  return std::nullopt;
}

Value run_on_data(const Call& call) {
  if (auto refused = refused_unheard(call.words)) return *std::move(refused);
  try {
    call.data.let_go_what_ended(call.now_ms);
    return table().at(in_lower_case(call.words[0])).run(call);
  } catch (const Refusal& refusal) {
    return error(refusal.text);
  } catch (const WrongKind&) {
    return error("WRONGTYPE Operation against a key holding the wrong kind of value");
  }
}

}  // namespace convoke::stand_in
