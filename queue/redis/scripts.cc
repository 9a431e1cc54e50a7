#include "queue/redis/scripts.h"

#include <string>
#include <string_view>
#include <utility>

namespace convoke {

// NOLINTBEGIN(readability-identifier-naming): named for their files
extern const std::string_view prelude_lua;
extern const std::string_view accept_lua;
extern const std::string_view join_lua;
extern const std::string_view claim_lua;
extern const std::string_view claimed_lua;
extern const std::string_view finish_lua;
extern const std::string_view retire_lua;
extern const std::string_view seek_lua;
extern const std::string_view stand_lua;
extern const std::string_view put_piece_lua;
extern const std::string_view enter_lua;
extern const std::string_view enlist_lua;
extern const std::string_view heartbeat_lua;
extern const std::string_view records_lua;
extern const std::string_view conclude_lua;
extern const std::string_view note_lua;
extern const std::string_view collect_lua;
extern const std::string_view purge_lua;
extern const std::string_view take_lua;
extern const std::string_view condemn_lua;
// NOLINTEND(readability-identifier-naming)

namespace redis {
namespace {

// With what all scripts of a function begin with.
struct Texts {
  std::string accept = whole(accept_lua);
  std::string join = whole(join_lua);
  std::string claim = whole(claim_lua);
  std::string claimed = whole(claimed_lua);
  std::string finish = whole(finish_lua);
  std::string retire = whole(retire_lua);
  std::string stand = whole(stand_lua);
  std::string seek = with_records(seek_lua);
  std::string conclude = with_records(conclude_lua);
  std::string note = with_records(note_lua);
  std::string collect = with_records(collect_lua);
  std::string purge = with_records(purge_lua);
  std::string take = with_records(take_lua);

  static std::string whole(std::string_view text) { return std::string(prelude_lua).append(text); }
  static std::string with_records(std::string_view text) { return whole(records_lua).append(text); }
};

}  // namespace

const Scripts& scripts() {
  static const Texts texts;
  static const Scripts all{Script(texts.accept),  Script(texts.join),     Script(texts.claim),
                           Script(texts.claimed), Script(texts.finish),   Script(texts.retire),
                           Script(texts.seek),    Script(texts.stand),    Script(put_piece_lua),
                           Script(enter_lua),     Script(enlist_lua),     Script(heartbeat_lua),
                           Script(condemn_lua),   Script(texts.conclude), Script(texts.note),
                           Script(texts.collect), Script(texts.purge),    Script(texts.take)};
  return all;
}

Command call_of(const Script& script, const FunctionKeys& keys) {
  Command command = script.call(static_cast<std::uint32_t>(keys.all().size() + 1));
  for (const std::string& key : keys.all()) command.arg(key);
  return std::move(command.arg(keys.absent()));
}

Command enlisting(const std::string& set, FunctionId function) {
  return std::move(scripts().enlist.call(1).arg(set).arg(function.value));
}

Command call_with_history(const Script& script, const FunctionKeys& keys) {
  Command command =
      script.call(static_cast<std::uint32_t>(keys.all().size() + keys.history().size() + 1));
  for (const std::string& key : keys.all()) command.arg(key);
  for (const std::string& key : keys.history()) command.arg(key);
  return std::move(command.arg(keys.absent()));
}

}  // namespace redis
}  // namespace convoke
