#include "tests/redis_stand_in/commands.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "queue/redis/script.h"
#include "tests/redis_stand_in/command_table.h"
#include "tests/redis_stand_in/scripts.h"

namespace convoke::stand_in {
namespace {

constexpr unsigned kDatabases = 16;
constexpr const char* kOutOfMemory = "OOM command not allowed when used memory > 'maxmemory'.";

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

bool is_script(const Words& words) {
  return is_option(words[0], "eval") || is_option(words[0], "evalsha");
}

}  // namespace

Value Commands::execute(Session& session, const Words& words, WallTime now) {
  const std::string name = in_lower_case(words[0]);
  if (name == "auth") return authenticate(session, words);
  if (!password_.empty() && !session.authenticated) return error("NOAUTH Authentication required.");
  if (name == "multi" || name == "exec" || session.transaction) {
    return in_transaction(session, words, now);
  }
  if (name == "ping") return ping(words);
  if (name == "select") return select(session, words);
  if (name == "client" && words.size() == 3 && is_option(words[1], "setname")) return ok();
  if (name == "publish" && words.size() == 3) return integer(0);  // nobody listens
  if (name == "script" && words.size() == 3 && is_option(words[1], "load")) return load(words[2]);
  if (is_script(words)) return run_script(session, words, now);
  if (no_memory_for(words)) return error(kOutOfMemory);
  return run_on_data({data(session.db), words, to_ms(now)});
}

bool Commands::no_memory_for(const Words& words) const {
  return memory_ == Memory::kNone && access_of(words) == Access::kNeedsMemory;
}

// Of scripts and commands on data.
Value Commands::in_transaction(Session& session, const Words& words, WallTime now) {
  const std::string name = in_lower_case(words[0]);
  if ((name == "multi" || name == "exec") && words.size() != 1) {
    session.spoiled = session.transaction.has_value();
    return wrong_number_of_words(words[0]);
  }
  if (name == "multi") {
    if (session.transaction) return error("ERR MULTI calls can not be nested");
    session.transaction.emplace();
    session.spoiled = false;
    return ok();
  }
  if (name != "exec") return queue(session, words);
  if (!session.transaction) return error("ERR EXEC without MULTI");
  const std::vector<Words> those = *std::exchange(session.transaction, std::nullopt);
  if (session.spoiled) {
    return error("EXECABORT Transaction discarded because of previous errors.");
  }
  if (std::any_of(those.begin(), those.end(),
                  [this](const Words& one) { return no_memory_for(one); })) {
    return error(std::string("EXECABORT Transaction discarded because of: ") + kOutOfMemory);
  }
  std::vector<Value> answers;
  for (const Words& one : those) {
    answers.push_back(is_script(one) ? run_script(session, one, now)
                                     : run_on_data({data(session.db), one, to_ms(now)}));
  }
  return array(std::move(answers));
}

Value Commands::queue(Session& session, const Words& words) const {
  std::optional<Value> refused;
  if (!is_script(words)) refused = refused_unheard(words);
  // Whatever it is.
  if (!refused && memory_ == Memory::kNone) refused = error(kOutOfMemory);
  if (!refused) {
    session.transaction->push_back(words);
    return status("QUEUED");
  }
  session.spoiled = true;
  return *std::move(refused);
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
