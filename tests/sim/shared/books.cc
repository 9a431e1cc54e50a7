#include "tests/sim/shared/books.h"

#include <algorithm>
#include <utility>

#include "core/model/delivery_line.h"
#include "queue/redis/bytes.h"
#include "queue/redis/lease.h"
#include "queue/redis/scripts.h"

namespace convoke::sim::shared {
namespace {

using redis::FunctionKeys;
using redis::get_call_id;
using redis::StreamId;
using stand_in::Data;
using stand_in::Hash;
using stand_in::SortedSet;
using stand_in::Stream;
using stand_in::Value;
using stand_in::Words;

// EVALSHA sha1 keys key ... argument ...
constexpr std::size_t kFirstKey = 3;
enum Key : std::size_t { kStream, kDelayed, kCounts, kLeases };
const std::string& key_in(const Words& words, Key key) { return words[kFirstKey + key]; }
std::size_t first_argument(const Words& words) { return kFirstKey + std::stoul(words[2]); }
const std::string& argument_in(const Words& words, std::size_t i) {
  return words[first_argument(words) + i];
}

bool is_call_of(const Words& words, const redis::Script& script) {
  if (words.size() <= kFirstKey) return false;
  if (stand_in::is_option(words[0], "evalsha")) return words[1] == script.sha1();
  return stand_in::is_option(words[0], "eval") && words[1] == script.text();
}

FunctionKeys keys_of(FunctionId line) { return {redis::kPrefixDefault, line}; }

std::int64_t number_in(const Hash& hash, const char* field) {
  const auto found = hash.find(field);
  return found == hash.end() ? 0 : std::stoll(found->second);
}

const stand_in::Group* group_of(const Stream* stream) {
  if (stream == nullptr) return nullptr;
  const auto found = stream->groups.find("e");
  return found == stream->groups.end() ? nullptr : &found->second;
}

}  // namespace

Books::Books(Stage& stage, stand_in::Server& server) : stage_(stage), server_(server) {
  server.watch(*this);
}

// ---- what lies there ----

Hash Books::hash(const std::string& key) const {
  const auto* const found = data().find<Hash>(key);
  return found == nullptr ? Hash{} : *found;
}

std::vector<FunctionId> Books::lines() const {
  std::vector<FunctionId> lines;
  if (const auto* const named = data().find<stand_in::Set>(keys_.functions)) {
    for (const std::string& name : *named) lines.push_back(*redis::parse_function(name));
  }
  return lines;
}

LineCounts Books::counts(FunctionId line) const {
  const FunctionKeys keys = keys_of(line);
  const Hash counted = hash(keys.all()[kCounts]);
  LineCounts counts;
  counts.accepted = number_in(counted, "accepted");
  counts.claimed = number_in(counted, "claimed");
  counts.settled = number_in(counted, "settled");
  const auto* const stream = data().find<Stream>(keys.all()[kStream]);
  if (stream != nullptr) counts.waiting += static_cast<std::int64_t>(stream->entries.size());
  if (const auto* const delayed = data().find<SortedSet>(keys.all()[kDelayed])) {
    counts.waiting += static_cast<std::int64_t>(delayed->size());
  }
  if (const auto* const group = group_of(stream)) {
    for (const auto& [consumer, held] : group->consumers()) {
      if (has_lease(line, consumer)) counts.held += static_cast<std::int64_t>(held.size());
    }
  }
  return counts;
}

std::set<CallId> Books::calls() const {
  std::set<CallId> all;
  for (const FunctionId line : lines()) {
    const FunctionKeys keys = keys_of(line);
    if (const auto* const stream = data().find<Stream>(keys.all()[kStream])) {
      for (const auto& [place, fields] : stream->entries) all.insert(get_call_id(fields[1]));
    }
    if (const auto* const delayed = data().find<SortedSet>(keys.all()[kDelayed])) {
      for (const auto& [call, due] : delayed->scores()) all.insert(get_call_id(call));
    }
  }
  return all;
}

bool Books::has_lease(FunctionId line, const std::string& incarnation) const {
  const Hash leases = hash(keys_of(line).leases());
  const auto found = leases.find(incarnation);
  return found != leases.end() && found->second == "1";
}

std::string Books::holder(FunctionId line, const CallId& id) const {
  const FunctionKeys keys = keys_of(line);
  const auto* const stream = data().find<Stream>(keys.stream());
  if (stream == nullptr) return "";
  for (const auto& [place, fields] : stream->entries) {
    if (get_call_id(fields[1]) == id) return holder_of(keys.stream(), keys.leases(), place);
  }
  return "";
}

std::string Books::holder_of(const std::string& stream, const std::string& leases,
                             const StreamId& place) const {
  const auto* const group = group_of(data().find<Stream>(stream));
  if (group == nullptr) return "";
  const auto found = group->pending().find(place);
  if (found == group->pending().end()) return "";
  const Hash held = hash(leases);
  const auto lease = held.find(found->second.consumer);
  return lease != held.end() && lease->second == "1" ? found->second.consumer : "";
}

// ---- what is done to it ----

void Books::before(Data& /*data*/, const Words& words) {
  asking_.clear();
  if (is_call_of(words, redis::scripts().finish)) read_ends(words, 4);
  if (is_call_of(words, redis::scripts().conclude)) read_ends(words, 7);
  tamper_before(words);
}

void Books::after(Data& /*data*/, const Words& words, Value& answer) {
  tamper_after(words);
  if (answer.is_error()) {
    // What it has read without a lease is left as by a retired one.
    if (is_call_of(words, redis::scripts().claimed)) ++retired_;
    return;
  }
  if (is_call_of(words, redis::scripts().accept)) return tell_taken(words, answer);
  if (words[0] == "XADD") {
    return stage_.seen.tell(&Observer::on_taken_there, get_call_id(words.back()));
  }
  if (is_call_of(words, redis::scripts().retire)) return count_retired(words);
  tell_ends(words, answer);
}

void Books::read_ends(const Words& words, std::size_t step) {
  const std::string& stream_key = key_in(words, kStream);
  const auto* const stream = data().find<Stream>(stream_key);
  for (std::size_t i = first_argument(words) + 1; i < words.size(); i += step) {
    Asking asking;
    const char what = words[i].front();
    asking.what = what == 'p' ? Asked::kPostpone : what == 'r' ? Asked::kGiveBack : Asked::kSettle;
    const auto place = StreamId::parse(words[i + 1]);
    if (stream != nullptr && place && stream->entries.count(*place) > 0) {
      asking.id = get_call_id(stream->entries.at(*place)[1]);
      asking.holder = holder_of(stream_key, key_in(words, kLeases), *place);
    }
    asking_.push_back(std::move(asking));
  }
}

void Books::tell_ends(const Words& words, const Value& answer) {
  for (std::size_t i = 0; i < asking_.size(); ++i) {
    if (answer.elements[0].elements[i].number != 1) continue;
    const Asking& asked = asking_[i];
    stage_.seen.tell(&Observer::on_ended_there,
                     EndThere{asked.id, asked.what, argument_in(words, 0), asked.holder});
  }
  if (!is_call_of(words, redis::scripts().seek) || answer.elements[0].text != "stopped") return;
  stage_.seen.tell(&Observer::on_ended_there,
                   EndThere{get_call_id(argument_in(words, 0)), Asked::kSettle, "", ""});
}

void Books::tell_taken(const Words& words, const Value& answer) {
  const std::vector<Value>& results = answer.elements[0].elements;
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (results[i].number != 1) continue;
    stage_.seen.tell(&Observer::on_taken_there, get_call_id(argument_in(words, 3 + 3 * i)));
  }
}

void Books::count_retired(const Words& words) {
  const Hash leases = hash(key_in(words, kLeases));
  const auto lease = leases.find(argument_in(words, 0));
  if (lease != leases.end() && lease->second == "0") ++retired_;
}

// ---- planted bugs ----

void Books::tamper_before(const Words& words) {
  const redis::Scripts& scripts = redis::scripts();
  const bool ends = is_call_of(words, scripts.finish) || is_call_of(words, scripts.conclude);
  const bool takes = is_call_of(words, scripts.claim);
  const bool unfenced = stage_.planted(Planted::kUnfencedEnds) && ends;
  const bool unretired = stage_.planted(Planted::kTakesOverUnretired) && takes;
  if (!unfenced && !unretired) return;
  Hash& leases = data().make<Hash>(key_in(words, kLeases));
  leases_before_ = leases;
  if (unfenced) leases[argument_in(words, 0)] = "1";
  const auto* const engines = data().find<SortedSet>(keys_.engines);
  if (!unretired || engines == nullptr) return;
  const auto now = static_cast<double>(to_ms(stage_.clock.wall()));
  const auto silent = static_cast<double>(redis::kLeaseDefault / Millis{3});
  for (auto& [incarnation, lease] : leases) {
    const auto beat = engines->scores().find(incarnation);
    if (beat != engines->scores().end() && beat->second < now - silent) lease = "0";
  }
}

void Books::tamper_after(const Words& words) {
  const redis::Scripts& scripts = redis::scripts();
  if (!leases_before_.empty()) {
    data().make<Hash>(key_in(words, kLeases)) = std::exchange(leases_before_, {});
  }
  const bool accepts = is_call_of(words, scripts.accept);
  if (stage_.planted(Planted::kMiscounts) && (accepts || words[0] == "HINCRBY")) {
    Hash& counts = data().make<Hash>(accepts ? key_in(words, kCounts) : words[1]);
    if (number_in(counts, "settled") > 3) {
      counts["accepted"] = std::to_string(number_in(counts, "accepted") + 1);
    }
  }
  if (!stage_.planted(Planted::kLeavesRetired) || !is_call_of(words, scripts.retire)) return;
  Hash& leases = data().make<Hash>(key_in(words, kLeases));
  const auto lease = leases.find(argument_in(words, 0));
  if (lease != leases.end() && lease->second == "0") lease->second = "1";
}

}  // namespace convoke::sim::shared
