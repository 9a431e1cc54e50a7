#include "tests/model/lease/server.h"

#include <algorithm>
#include <utility>

#include "queue/redis/scripts.h"
#include "tests/redis_stand_in/lua.h"
#include "tests/redis_stand_in/scripts.h"

namespace convoke::lease {
namespace {

const redis::Script& script_of(Verb verb) {
  const redis::Scripts& all = redis::scripts();
  switch (verb) {
    case Verb::kBeat:
      return all.heartbeat;
    case Verb::kAccept:
      return all.accept;
    case Verb::kJoin:
      return all.join;
    case Verb::kClaim:
      return all.claim;
    case Verb::kFinish:
      return all.finish;
    case Verb::kLeases:
      return all.stand;
    case Verb::kCondemn:
      return all.condemn;
    default:
      return all.retire;
  }
}

void append(std::string& out, const std::string& text) {
  out += text;
  out += '\0';
}

void append(std::string& out, const stand_in::String& text, int) { append(out, text); }
void append(std::string& out, const stand_in::Hash& hash, int) {
  for (const auto& [field, value] : hash) {
    append(out, field);
    append(out, value);
  }
}
void append(std::string& out, const stand_in::Set& set, int) {
  for (const std::string& member : set) append(out, member);
}
void append(std::string& out, const stand_in::SortedSet& set, int) {
  for (const auto& [score, member] : set.order()) {
    append(out, member);
    append(out, stand_in::score_text(score));
  }
}
void append(std::string& out, const stand_in::Stream& stream, int) {
  append(out, stream.last.text());
  for (const auto& [id, fields] : stream.entries) {
    append(out, id.text());
    for (const std::string& field : fields) append(out, field);
  }
  for (const auto& [name, group] : stream.groups) {
    append(out, name + group.last_delivered.text());
    for (const auto& [id, delivery] : group.pending()) {
      append(out, id.text());
      append(out, delivery.consumer);
      append(out, std::to_string(delivery.times));
    }
  }
}

}  // namespace

const char* name_of(Verb verb) {
  static constexpr const char* kNames[] = {"enter",   "heartbeat", "accept", "join",   "claim",
                                           "finish",  "pending",   "leases", "living", "condemn",
                                           "members", "retire",    "forget"};
  return kNames[static_cast<std::size_t>(verb)];
}

std::string encoded(const stand_in::Data& data) {
  std::string out;
  for (const auto& [key, datum] : data.keys()) {
    append(out, key);
    std::visit([&out](const auto& one) { append(out, one, 0); }, datum);
    out += '\1';
  }
  return out;
}

Servers::Servers(const Rules& rules) : rules_(rules) { (void)intern({}); }

Servers::Id Servers::intern(stand_in::Data data) {
  const auto [at, fresh] = ids_.emplace(encoded(data), static_cast<Id>(states_.size()));
  if (fresh) states_.push_back(std::move(data));
  return at->second;
}

const Servers::Outcome& Servers::execute(Id server, Verb verb, const Words& words) {
  std::string question = std::to_string(server) + name_of(verb);
  for (const std::string& word : words) append(question, word);
  const auto [at, fresh] = outcomes_.try_emplace(std::move(question));
  if (!fresh) return at->second;
  stand_in::Data data = states_[server];
  at->second.reply = run(data, verb, words);
  at->second.next = intern(std::move(data));
  return at->second;
}

Value Servers::plain(stand_in::Data& data, const Words& words) const {
  return stand_in::run_on_data({data, words, kServerNow});
}

// The words of a burial are the dead one, of a script what comes behind its keys.
Value Servers::run(stand_in::Data& data, Verb verb, const Words& words) const {
  const auto noted = [&] { return redis::functions_of("m", std::stoull(words[0])); };
  switch (verb) {
    case Verb::kEnter:
      return plain(data, {"INCR", shared_.incarnation});
    case Verb::kPending:
      return plain(data, {"XPENDING", keys_.all()[0], "e", "-", "+", "100", words[0]});
    case Verb::kLeases:
      return stand_in::array(
          {plain(data, {"HGETALL", keys_.all()[3]}), run_script(data, verb, {})});
    case Verb::kLiving:
      return plain(data, {"ZRANGE", shared_.engines, "0", "-1"});
    case Verb::kMembers:
      return plain(data, {"SMEMBERS", noted()});
    case Verb::kForget:
      (void)plain(data, {"ZREM", shared_.engines, words[0]});
      return plain(data, {"DEL", noted()});
    case Verb::kClaim:
      return claims_plainly(data, words) ? claim_plainly(data, words)
                                         : run_script(data, verb, words);
    case Verb::kJoin:
      (void)plain(data, {"SADD", noted(), std::to_string(kFunction.value)});
      return run_script(data, verb, words);
    default:
      return run_script(data, verb, words);
  }
}

// Nothing was given back, and no other has left anything: an engine knows that of its last claim.
bool Servers::claims_plainly(stand_in::Data& data, const Words& words) const {
  if (!rules_.claims_plainly || words.size() > 3 || words[1] == "0") return false;
  const auto* const leases = data.find<stand_in::Hash>(keys_.leases());
  return leases == nullptr || std::none_of(leases->begin(), leases->end(), [&](const auto& one) {
           return one.first != words[0] && one.second == "0";
         });
}

// As one transaction does it; answered as claim.lua would.
Value Servers::claim_plainly(stand_in::Data& data, const Words& words) const {
  const Value read = plain(data, {"XREADGROUP", "GROUP", "e", words[0], "COUNT", words[1],
                                  "STREAMS", keys_.stream(), ">"});
  Value taken = stand_in::array();
  if (!read.is_nil() && !read.is_error()) {
    for (const Value& entry : read.elements[0].elements[1].elements) {
      taken.elements.push_back(stand_in::array(
          {entry.elements[0], entry.elements[1].elements[1], stand_in::integer(1)}));
    }
  }
  const Value counted = count_claimed(data, words[0]);
  if (counted.is_error()) return counted;
  return stand_in::array({stand_in::array(), taken, counted.elements[0], counted.elements[1]});
}

Value Servers::count_claimed(stand_in::Data& data, const std::string& incarnation) const {
  const std::string& leases = keys_.leases();
  const bool unfenced = !rules_.plain_claim_looks_at_the_lease;
  const stand_in::Hash before = unfenced ? data.make<stand_in::Hash>(leases) : stand_in::Hash{};
  if (unfenced) (void)plain(data, {"HSET", leases, incarnation, "1"});
  Value reply = stand_in::run(
      stand_in::claimed,
      stand_in::Lua(data, {keys_.all().begin(), keys_.all().end()}, {incarnation}, kServerNow));
  if (unfenced) data.make<stand_in::Hash>(leases) = before;
  return reply;
}

Value Servers::run_script(stand_in::Data& data, Verb verb, const Words& words) const {
  const bool shared = verb == Verb::kBeat || verb == Verb::kCondemn;
  Words keys = {shared_.engines};
  if (!shared) keys.assign(keys_.all().begin(), keys_.all().end());
  const std::string& leases = keys_.all()[3];
  const bool unfenced = verb == Verb::kFinish && !rules_.finish_looks_at_the_lease;
  const stand_in::Hash before = unfenced ? data.make<stand_in::Hash>(leases) : stand_in::Hash{};
  if (unfenced) (void)plain(data, {"HSET", leases, words[0], "1"});
  Value reply = stand_in::run(stand_in::find_script(script_of(verb).sha1()),
                              stand_in::Lua(data, std::move(keys), words, kServerNow));
  if (unfenced) data.make<stand_in::Hash>(leases) = before;
  if (verb == Verb::kRetire && !rules_.retire_takes_the_lease &&
      plain(data, {"HGET", leases, words[0]}).text == "0") {
    (void)plain(data, {"HSET", leases, words[0], "1"});
  }
  return reply;
}

Servers::Id Servers::aged(Id server) {
  const auto [at, fresh] = aged_.try_emplace(server);
  if (!fresh) return at->second;
  stand_in::Data data = states_[server];
  // Who is taken for dead is not told from who has been silent for longer.
  const auto oldest = static_cast<double>(kServerNow - redis::dead_after(kLease) / Millis{1});
  if (auto* const engines = data.find<stand_in::SortedSet>(shared_.engines)) {
    const auto scores = engines->scores();
    for (const auto& [who, score] : scores) {
      if (score > 0) engines->set(who, std::max(oldest, score - static_cast<double>(kTickMs)));
    }
  }
  return at->second = intern(std::move(data));
}

// ---- what lies there ----

const stand_in::Stream* Servers::stream(Id server) {
  return states_[server].find<stand_in::Stream>(keys_.all()[0]);
}

const stand_in::Group* Servers::group(Id server) {
  const stand_in::Stream* const all = stream(server);
  if (all == nullptr) return nullptr;
  const auto found = all->groups.find("e");
  return found == all->groups.end() ? nullptr : &found->second;
}

const stand_in::SortedSet* Servers::delayed(Id server) {
  return states_[server].find<stand_in::SortedSet>(keys_.all()[1]);
}

std::map<std::string, std::string> Servers::leases(Id server) {
  const auto* const found = states_[server].find<stand_in::Hash>(keys_.all()[3]);
  return found == nullptr ? stand_in::Hash{} : *found;
}

std::map<std::string, std::string> Servers::counts(Id server) {
  const auto* const found = states_[server].find<stand_in::Hash>(keys_.all()[2]);
  return found == nullptr ? stand_in::Hash{} : *found;
}

std::int64_t Servers::silence(Id server, const std::string& incarnation) {
  const auto* const engines = states_[server].find<stand_in::SortedSet>(shared_.engines);
  if (engines == nullptr) return kBuried;
  const auto found = engines->scores().find(incarnation);
  if (found == engines->scores().end()) return kBuried;
  if (found->second <= 0) return kCondemned;
  return (kServerNow - static_cast<std::int64_t>(found->second)) / kTickMs;
}

}  // namespace convoke::lease
