#include "tests/redis_stand_in/commands.h"

#include <cstddef>
#include <optional>

#include "queue/redis/script.h"
#include "tests/redis_stand_in/command_table.h"
#include "tests/redis_stand_in/scripts.h"

namespace convoke::stand_in {
namespace {

constexpr unsigned kDatabases = 16;

Value select(Session& session, const Words& words) {
  if (words.size() != 2) return wrong_number_of_words(words[0]);
  const auto db = parse_integer(words[1]);
  if (!db) return error("ERR value is not an integer or out of range");
  if (*db < 0 || *db >= kDatabases) return error("ERR DB index is out of range");
  session.db = static_cast<unsigned>(*db);
  return ok();
}

Value ping(const Words& words) {
  if (words.size() > 2) return wrong_number_of_words(words[0]);
  return words.size() == 2 ? bulk(words[1]) : status("PONG");
}

}  // namespace

Value Commands::execute(Session& session, const Words& words, WallTime now) {
  const std::string name = in_lower_case(words[0]);
  if (name == "auth") return authenticate(session, words);
  if (!password_.empty() && !session.authenticated) return error("NOAUTH Authentication required.");
  if (name == "ping") return ping(words);
  if (name == "select") return select(session, words);
  if (name == "client" && words.size() == 3 && is_option(words[1], "setname")) return ok();
  if (name == "publish" && words.size() == 3) return integer(0);  // nobody listens
  if (name == "script" && words.size() == 3 && is_option(words[1], "load")) return load(words[2]);
  if (name == "eval" || name == "evalsha") return run_script(session, words, now);
  if (memory_ == Memory::kNone && access_of(words) == Access::kNeedsMemory) {
    return error("OOM command not allowed when used memory > 'maxmemory'.");
  }
  return run_on_data({data(session.db), words, to_ms(now)});
}

Value Commands::authenticate(Session& session, const Words& words) const {
  if (words.size() < 2) return wrong_number_of_words(words[0]);
  if (words.size() > 3) return error("ERR syntax error");
  if (password_.empty() && words.size() == 2) {
    return error(
        "ERR AUTH <password> called without any password configured for the default user. Are you "
        "sure your configuration is correct?");
  }
  const bool user = words.size() == 2 || words[1] == "default";
  session.authenticated = user && (password_.empty() || words.back() == password_);
  if (session.authenticated) return ok();
  return error("WRONGPASS invalid username-password pair or user is disabled.");
}

Value Commands::load(const std::string& text) {
  const redis::Script script(text);
  if (find_script(script.sha1()) == nullptr) return error("ERR the stand-in has no such script");
  loaded_.insert(script.sha1());
  return bulk(script.sha1());
}

// EVALSHA sha1 keys key ... argument ...; EVAL has the text instead.
Value Commands::run_script(Session& session, const Words& words, WallTime now) {
  if (words.size() < 3) return wrong_number_of_words(words[0]);
  const auto keys = parse_integer(words[2]);
  if (!keys) return error("ERR value is not an integer or out of range");
  if (*keys > static_cast<std::int64_t>(words.size()) - 3)
    return error("ERR Number of keys can't be greater than number of args");
  if (*keys < 0) return error("ERR Number of keys can't be negative");
  std::string sha1 = in_lower_case(words[1]);
  if (is_option(words[0], "eval")) {
    Value loaded = load(words[1]);
    if (loaded.is_error()) return loaded;
    sha1 = loaded.text;
  }
  if (loaded_.count(sha1) == 0) return error("NOSCRIPT No matching script. Please use EVAL.");
  const auto arguments = words.begin() + 3 + *keys;
  const Words key_words(words.begin() + 3, arguments);
  const Lua lua(data(session.db), key_words, {arguments, words.end()}, to_ms(now), memory_);
  Value answer = run(*find_script(sha1), lua);
  published_.insert(published_.end(), lua.published().begin(), lua.published().end());
  return answer;
}

}  // namespace convoke::stand_in
