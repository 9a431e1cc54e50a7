#include "tests/redis_stand_in/random_commands.h"

#include <algorithm>
#include <cctype>

#include "queue/redis/entry.h"
#include "queue/redis/scripts.h"

namespace convoke::stand_in {
namespace {

std::string key_of(int function, const std::string& kind) {
  return "{t:" + std::to_string(function) + "}:" + kind;
}
std::string key_of(int function, char kind) { return key_of(function, std::string(1, kind)); }

}  // namespace

bool is_reference(std::string_view word) {
  if (!word.empty() && word[0] == '(') word.remove_prefix(1);
  if (word.size() < 2 || word[0] != '@') return false;
  word.remove_prefix(1);
  return std::all_of(word.begin(), word.end(),
                     [](unsigned char c) { return std::isdigit(c) != 0; });
}

std::size_t function_of(const Words& words) {
  for (const std::string& word : words) {
    if (word.rfind("{t:2}", 0) == 0) return 1;
  }
  return 0;
}

bool may_end_a_stream(const Words& words) { return words[0] == "DEL" || words[0] == "SET"; }

Words RandomCommands::next(std::size_t ids) {
  ids_ = ids;
  if (planned_.empty() && rng_.one_in(50)) plan_transaction();
  if (!planned_.empty()) return next_planned();
  switch (rng_.below(14)) {
    case 0:
      return string_or_set_command();
    case 1:
      return hash_command();
    case 2:
      return sorted_set_command();
    case 3:
      return stream_command();
    case 4:
      return group_command();
    case 5:
    case 6:
      return registry_call();
    default:
      return script_call();
  }
}

Words RandomCommands::next_planned() {
  Words words = std::move(planned_.front());
  planned_.pop_front();
  return words;
}

// As the store sends them, of one function, and now and then wrong.
void RandomCommands::plan_transaction() {
  function_ = 1;
  if (!rng_.one_in(12)) planned_.push_back({"MULTI"});
  // To one stream: those of two may be alike on one side and not on the other.
  for (std::uint64_t calls = rng_.below(4); calls > 0; --calls) {
    planned_.push_back({"XADD", key_of(function_, 'q'), "*", "c", call()});
  }
  if (rng_.one_in(2)) return plan_claim();
  planned_.push_back({"HINCRBY", key('c'), "accepted", rarely() ? "x" : below(4)});
  planned_.push_back({"HMGET", key('c'), "accepted", "claimed", "settled"});
  if (rng_.one_in(4)) planned_.push_back({one_of({"NOSUCH", "HGET", "MULTI"})});
  planned_.push_back({"XLEN", stream_key(false)});
  planned_.push_back({"ZCARD", key('d')});
  planned_.push_back({"ZRANGE", key('d'), "0", "0", "WITHSCORES"});
  planned_.push_back({"EXEC"});
}

void RandomCommands::plan_claim() {
  const std::string claims = incarnation();
  planned_.push_back(
      {"XREADGROUP", "GROUP", "e", claims, "COUNT", many(), "STREAMS", stream_key(false), ">"});
  Words counts = {"EVALSHA", redis::scripts().claimed.sha1(), "5", stream_key(false)};
  for (const char kind : {'d', 'c', 'l', 'n'}) counts.push_back(key(kind));
  counts.push_back(rarely() ? incarnation() : claims);
  planned_.push_back(std::move(counts));
  planned_.push_back({"EXEC"});
}

std::vector<Words> RandomCommands::probes() {
  std::vector<Words> all;
  for (int function = 1; function <= kFunctions; ++function) {
    all.push_back({"XRANGE", key_of(function, 'q'), "-", "+"});
    all.push_back({"XPENDING", key_of(function, 'q'), "e"});
    all.push_back({"XPENDING", key_of(function, 'q'), "e", "-", "+", "1000"});
    all.push_back({"ZRANGE", key_of(function, 'd'), "0", "-1", "WITHSCORES"});
    for (const char kind : {'c', 'l', 'n'}) all.push_back({"HGETALL", key_of(function, kind)});
    for (const char* const number : {"0", "1", "2", "3"}) {
      all.push_back({"GET", key_of(function, "n:@" + std::string(36, 'f') + number)});
    }
    for (const char* const kind : kHistoryKinds) {
      const std::string key = key_of(function, kind);
      const bool is_set = kind[1] == 'n' || kind[1] == 'f' || kind[1] == 'o';
      all.push_back(is_set ? Words{"ZRANGE", key, "0", "-1", "WITHSCORES"} : Words{"HGETALL", key});
    }
  }
  all.push_back({"ZRANGE", "t:engines", "0", "-1", "WITHSCORES"});
  all.push_back({"ZRANGE", "t:beats", "0", "-1", "WITHSCORES"});
  for (const char* const hash :
       {"t:applied", "t:parts", "t:sums", "t:calls", "t:code", kRows[0], kRows[1], kRows[2]}) {
    all.push_back({"HGETALL", hash});
  }
  all.push_back({"GET", "t:version"});
  all.push_back({"XRANGE", "t:changes", "-", "+"});
  all.push_back({"SMEMBERS", "t:functions"});
  all.push_back({"GET", kStringKey});
  return all;
}

// ---- words ----

std::string RandomCommands::key(char kind) {
  static constexpr char kKinds[] = {'d', 'c', 'l', 'n'};
  if (!rarely()) return key_of(function_, kind);
  return rng_.one_in(2) ? kStringKey : key_of(function_, kKinds[rng_.below(4)]);
}

std::string RandomCommands::history_key(const char* kind) const { return key_of(function_, kind); }

// One that is no stream must not become one: its ids could be those of another.
std::string RandomCommands::stream_key(bool may_be_made) {
  return rarely() ? (may_be_made ? kStringKey : key('q')) : key_of(function_, 'q');
}

std::string RandomCommands::shared_key(const char* name) {
  return rarely() ? std::string(kStringKey) : std::string("t:") + name;
}

std::string RandomCommands::incarnation() { return std::to_string(1 + rng_.below(4)); }
std::string RandomCommands::name() { return "n" + below(4); }

// As what follows a call's end is named.
std::string RandomCommands::follower() { return "@" + std::string(36, 'f') + below(4); }

std::string RandomCommands::id() {
  if (rarely()) return one_of({"x", "", "5", "0-0", "1-x", "-", "1-1", "18446744073709551615-1"});
  if (ids_ == 0) return "3-" + below(3);
  const std::size_t window = std::min<std::size_t>(ids_, 30);  // the latest: they are there yet
  return "@" + std::to_string(ids_ - 1 - rng_.below(window));
}

std::string RandomCommands::bound() {
  if (rng_.one_in(2)) return one_of({"-", "+", "-", "+", "0", "(0", "(-", "3"});
  return (rng_.one_in(2) ? "(" : "") + id();
}

std::string RandomCommands::score() {
  if (rarely()) return one_of({"x", "", "1.5", "-3", "1e3", "nan", "0x10", " 1"});
  return below(60);
}

std::string RandomCommands::many() {
  return rarely() ? one_of({"0", "-1", "x", "1000"}) : std::to_string(1 + rng_.below(6));
}

std::string RandomCommands::head() { return head_of(++calls_); }

std::string RandomCommands::head_of(std::uint64_t number) {
  NewCall made;
  made.id = CallId::from_random(number, 7);
  made.accepted = wall_from_ms(static_cast<std::int64_t>(rng_.below(1ULL << 47)));
  made.due = made.accepted;
  made.qualifier = rng_.one_in(3) ? "q" : "";
  made.name = rng_.one_in(2) ? name() : "";
  if (rng_.one_in(6)) made.name = "@" + name();
  if (rng_.one_in(6)) made.name = follower();
  return redis::encode(made);
}

std::string RandomCommands::call() {
  if (rarely() && rarely()) return "short";
  if (rng_.one_in(5)) return call_with_event_apart();
  std::string call = head();
  if (rng_.one_in(4)) call[36] = one_of({"\4", "\14", "\5", "\15"})[0];
  return call + std::string(rng_.below(160), 'e');
}

// Of one piece or two, of four bytes; of a piece of none.
std::string RandomCommands::call_with_event_apart() {
  std::string call = rng_.one_in(2) && uploaded_ > 0 ? head_of(uploaded_) : head();
  call[36] = '\2';
  std::string reference("\0\0\0\3\0\0\0\4", 8);
  if (rng_.one_in(2)) reference[3] = '\7';
  if (rarely()) reference[7] = '\0';
  return call + reference;
}

// Of one whose pieces are there, perhaps.
std::string RandomCommands::event_key() {
  return key_of(function_, "e:" + redis::apart_id(CallId::from_random(uploaded_, 7)));
}

std::string RandomCommands::call_id() {
  const std::uint64_t back = rng_.below(std::min<std::uint64_t>(calls_, 60) + 1);
  const CallId id = CallId::from_random(calls_ - back, 7);  // the latest: they wait yet
  const auto& bytes = id.bytes();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// ---- plain commands ----

Words RandomCommands::string_or_set_command() {
  const std::string set = shared_key("functions");
  switch (rng_.below(10)) {
    case 0:
      return rarely() ? Words{"SETNX", kStringKey, "7"}
                      : Words{"INCR", rarely() ? key('l') : kStringKey};
    case 1:
      return {"GET", rarely() ? set : kStringKey};
    case 2:
      return {"SET", kStringKey, one_of({"1", "x", "9223372036854775807", "-5", "01"})};
    case 3:
      return {"SADD", set, name(), name()};
    case 4:
      return {"SREM", set, name(), name()};
    case 5:
      return {"SMEMBERS", set};
    case 6:
      return {"ping"};
    case 7:
      return rarely() ? Words{"DEL", key("qdcln"[rng_.below(5)])} : Words{"DEL", set};
    case 8:
      return rarely() ? Words{"NOSUCH", "a", "b"} : Words{"SADD", set};
    default:
      return {"TIME"};
  }
}

Words RandomCommands::hash_command() {
  function_ = 1 + static_cast<int>(rng_.below(kFunctions));
  const std::string hash = key('n');
  switch (rng_.below(14)) {
    case 10:
      return {"HLEN", rarely() ? hash : event_key()};
    case 11:
      return {"HGETALL", event_key()};
    case 12:
      return {"PERSIST", rarely() ? hash : event_key()};
    case 13:
      return rarely() ? Words{"UNLINK", event_key()} : Words{"HLEN", event_key()};
    case 0:
      return {"HGET", hash, name()};
    case 1:
      return {"HSET", hash, name(), below(9), name(), "v"};
    case 2:
      return {"HSETNX", hash, name(), rng_.one_in(3) ? "x" : below(9)};
    case 3:
      return {"HDEL", hash, name(), name()};
    case 4:
      return {"HINCRBY", hash, name(), one_of({"1", "-5", "9223372036854775807", "x"})};
    case 5:
      return {"HGETALL", hash};
    case 6:
      return {"HMGET", hash, name(), name()};
    case 7:
      return {rng_.one_in(2) ? "HEXISTS" : "HSTRLEN", hash, name()};
    case 8:
      return {"HSET", history_key("hd"), call_id(), ""};
    default:
      return {"HSET", hash, name(), "v", name()};
  }
}

Words RandomCommands::sorted_set_command() {
  function_ = 1 + static_cast<int>(rng_.below(kFunctions));
  const std::string set = rng_.one_in(4) ? shared_key("engines") : key('d');
  const std::string member = set == "t:engines" ? incarnation() : call();
  const char* const place = one_of({"0", "1", "-1", "-3", "7", "x"});
  switch (rng_.below(10)) {
    case 0:
      return {"ZADD", set, score(), member};
    case 1:
      return {"ZADD", set, score(), member, score()};
    case 2:
      return {"ZREM", set, member, incarnation()};
    case 3:
      return {"ZSCORE", set, incarnation()};
    case 4:
      return {"ZCARD", set};
    case 5:
      return {"ZRANGE", key('d'), place, one_of({"0", "3", "-1", "-2"}), "withscores"};
    case 6:
      return {"ZRANGE", key('d'), place, "-1"};
    case 7:
      return {"ZRANGEBYSCORE", key('d'), "-inf", score(), "LIMIT", below(3), many()};
    case 8:
      return {"ZRANGEBYSCORE", key('d'), "(" + score(), "+inf", "WITHSCORES"};
    default:
      return {"ZSCAN", set, rarely() ? "x" : "0", "COUNT", rarely() ? "0" : "1000"};
  }
}

Words RandomCommands::stream_command() {
  function_ = 1 + static_cast<int>(rng_.below(kFunctions));
  const std::string stream = stream_key(false);
  switch (rng_.below(7)) {
    case 0:
      return {"XADD", stream_key(true), "*", "c", call()};
    case 1:
      return {"XADD", stream_key(true), rarely() ? "9000000000000-5" : id(), "c", call()};
    case 2:
      return {"XADD", stream_key(true), rarely() ? "x" : "*", "c", call(), "odd"};
    case 3:
      return {"XLEN", stream};
    case 4:
      return {"XRANGE", stream, bound(), bound()};
    case 5:
      return {"XRANGE", stream, bound(), bound(), "COUNT", many()};
    default:
      return {"XDEL", stream, id(), id()};
  }
}

Words RandomCommands::group_command() {
  function_ = 1 + static_cast<int>(rng_.below(kFunctions));
  const std::string stream = stream_key(false);
  const std::string group = rarely() ? "other" : "e";
  switch (rng_.below(9)) {
    case 0:
      return {"XGROUP", "CREATE", stream_key(true), group, rarely() ? "$" : "0", "MKSTREAM"};
    case 1:
      return {"XGROUP", "CREATE", stream_key(true), group, rarely() ? "x" : "0"};
    case 2:
      return {"XGROUP", "DELCONSUMER", stream, group, rarely() ? incarnation() : "nobody"};
    case 3:
      return {"XACK", stream, group, id(), id()};
    case 4:
      return {"XPENDING", stream, group};
    case 5:
      return {"XPENDING", stream, group, bound(), bound(), many()};
    case 6:
      return {"XPENDING", stream, group, "-", "+", many(), incarnation()};
    case 7:
      return {"XCLAIM", stream, group, incarnation(), one_of({"0", "0", "1000000000", "x"}),
              id(),     id()};
    default:
      return {"XREADGROUP", "GROUP", group, incarnation(), "COUNT", many(), "STREAMS", stream, ">"};
  }
}

}  // namespace convoke::stand_in
