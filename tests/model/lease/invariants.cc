#include "tests/model/lease/invariants.h"

#include <algorithm>

namespace convoke::lease {
namespace {

std::int64_t number(const std::map<std::string, std::string>& counts, const char* field) {
  const auto found = counts.find(field);
  return found == counts.end() ? 0 : std::stoll(found->second);
}

bool lies_there(Servers& servers, Servers::Id server, std::size_t call) {
  const std::string id = entry_of(call).substr(0, 16);
  const auto is_it = [&id](const std::string& text) { return text.compare(0, 16, id) == 0; };
  if (const auto* const stream = servers.stream(server)) {
    for (const auto& [place, fields] : stream->entries) {
      if (is_it(fields[1])) return true;
    }
  }
  if (const auto* const delayed = servers.delayed(server)) {
    for (const auto& [text, score] : delayed->scores()) {
      if (is_it(text)) return true;
    }
  }
  return false;
}

// The holder by the server's books; "": nobody.
std::string holder(Servers& servers, Servers::Id server, const StreamId& place) {
  const auto* const group = servers.group(server);
  if (group == nullptr) return "";
  const auto found = group->pending().find(place);
  if (found == group->pending().end()) return "";
  const auto leases = servers.leases(server);
  const auto lease = leases.find(found->second.consumer);
  return lease != leases.end() && lease->second == "1" ? found->second.consumer : "";
}

const char* judge_finish(Servers& servers, State& state, Servers::Id before, const Sent& sent) {
  if (sent.reply.is_error() || sent.reply.elements[0].elements[0].number != 1) return nullptr;
  const StreamId place = *StreamId::parse(sent.words[2]);
  if (holder(servers, before, place) != sent.words[0]) {
    return "L2: a call was ended by one who is not its holder";
  }
  if (sent.words[1] != "s") return nullptr;
  const std::string& text = servers.stream(before)->entries.at(place)[1];
  Fate& fate = state.calls[call_of(redis::parse_entry(text)->head.id)];
  return ++fate.settled > 1 ? "L2: a call was settled twice" : nullptr;
}

const char* judge_claim(Servers& servers, Servers::Id before, const Sent& sent) {
  if (sent.reply.is_error()) return nullptr;
  const auto* const group = servers.group(before);
  auto leases = servers.leases(before);
  std::size_t left = 0;
  for (const auto& [place, delivery] : group->pending()) {
    if (leases[delivery.consumer] == "0") ++left;
  }
  std::string last_of;
  StreamId last{};
  for (const Value& one : sent.reply.elements[1].elements) {
    const StreamId place = *StreamId::parse(one.elements[0].text);
    const auto was = group->pending().find(place);
    const std::string of = was == group->pending().end() ? "" : was->second.consumer;
    if (of.empty() && left > 0) return "L4: a ready call went before one that was taken over";
    if (of == last_of && !(last < place)) return "L4: calls went out of order";
    if (!of.empty()) --left;
    last_of = of;
    last = place;
  }
  return nullptr;
}

}  // namespace

const char* judge(Servers& servers, const State& state) {
  for (std::size_t call = 0; call < state.calls.size(); ++call) {
    const Fate& fate = state.calls[call];
    const bool there = lies_there(servers, state.server, call);
    if (fate.acknowledged && fate.settled == 0 && !there) return "L1: a call is lost";
    if (fate.settled > 0 && there) return "L3: a settled call lies there to run again";
  }
  const bool calm = std::any_of(state.engines.begin(), state.engines.end(), [](const Engine& one) {
    return one.acts() && one.calm && !one.beat_due && one.asks.empty() && one.pipe.empty();
  });
  if (calm && !who_must_be_dead(servers, state.server).empty()) {
    return "L5: what a silent engine held is not claimable within the bound";
  }
  return nullptr;
}

std::set<std::string> who_must_be_dead(Servers& servers, Servers::Id server) {
  std::set<std::string> dead;
  for (const auto& [who, lease] : servers.leases(server)) {
    const bool silent = servers.silence(server, who) >= redis::dead_after(kLease) / kTick;
    if (lease == "1" && silent) dead.insert(who);
  }
  return dead;
}

const char* judge_executed(Servers& servers, State& state, Servers::Id before, const Sent& sent) {
  if (sent.verb == Verb::kFinish) return judge_finish(servers, state, before, sent);
  if (sent.verb == Verb::kClaim) return judge_claim(servers, before, sent);
  if (sent.verb == Verb::kRetire && servers.leases(state.server)[sent.words[0]] == "1") {
    return "L5: a burial has left the lease";
  }
  return nullptr;
}

const char* judge_begun(Servers& servers, State& state, const Engine& engine,
                        const redis::Held& held) {
  Fate& fate = state.calls[call_of(held.head.id)];
  if (fate.settled > 0) return "L3: a settled call runs again";
  if (held.epoch() <= fate.begun) return "L6: an attempt's epoch is no greater than the last one's";
  fate.begun = held.epoch();
  for (const Running& one : engine.running) {
    if (one.receipt.id == held.head.id && one.lease == engine.incarnation) {
      return "L7: a call was begun twice under one lease";
    }
  }
  if (holder(servers, state.server, held.place) != std::to_string(engine.incarnation)) {
    return "L7: a call was begun by one who has lost its lease";
  }
  return nullptr;
}

const char* judge_counts(Servers& servers, const State& state) {
  const auto counts = servers.counts(state.server);
  const auto* const stream = servers.stream(state.server);
  const auto* const delayed = servers.delayed(state.server);
  std::size_t depth = stream == nullptr ? 0 : stream->entries.size();
  if (delayed != nullptr) depth += delayed->size();
  if (number(counts, "accepted") - number(counts, "settled") != static_cast<std::int64_t>(depth)) {
    return "L8: accepted is not ready, delayed, claimed and settled";
  }
  std::int64_t held = 0;
  if (const auto* const group = servers.group(state.server)) {
    for (const auto& [place, delivery] : group->pending()) {
      if (!holder(servers, state.server, place).empty()) ++held;
    }
  }
  return held == number(counts, "claimed") ? nullptr : "L8: claimed is not what is held";
}

}  // namespace convoke::lease
