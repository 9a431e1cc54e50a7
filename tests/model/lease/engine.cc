#include "tests/model/lease/engine.h"

#include <algorithm>
#include <utility>

#include "queue/redis/verdict.h"

namespace convoke::lease {
namespace {

using redis::AfterClaim;
using redis::AfterEnds;
using redis::Said;

Said said(const Sent& sent) {
  if (!sent.reply.is_error()) return Said::kDone;
  return sent.reply.text.rfind("LEASELOST", 0) == 0 ? Said::kLeaseLost : Said::kRefused;
}

constexpr const char* kLeftOver = "left over";  // no burial: retired alone

// ---- membership ----

std::set<std::uint64_t> numbers_in(const Value& reply) {
  std::set<std::uint64_t> numbers;
  for (const Value& one : reply.elements) numbers.insert(std::stoull(one.text));
  return numbers;
}

void heard(Engine& engine, const Value& stand) {
  engine.in_stream = static_cast<std::uint8_t>(stand.elements[3].number);
}

// The store's on_renewed().
void look_for_what_came_late(const Rules& rules, Engine& engine) {
  std::size_t here = 0;
  engine.held.for_each([&here](const redis::Held&) { ++here; });
  if (!rules.looks_for_what_came_late || engine.in_stream <= here) return;
  ask(engine, Verb::kLeases, {});
  if (engine.joining) ask(engine, Verb::kPending, {std::to_string(engine.incarnation)});
}

bool buries(const std::vector<Sent>& all, const std::string& who) {
  return std::any_of(all.begin(), all.end(), [&who](const Sent& sent) {
    const bool found = sent.words.size() == 2 && sent.words[1] == kLeftOver;
    return sent.verb >= Verb::kCondemn && sent.words[0] == who && !found;
  });
}

void bury(const Rules& rules, Engine& engine, std::uint64_t dead, Duration silence) {
  const std::string who = std::to_string(dead);
  if (buries(engine.asks, who) || buries(engine.pipe, who)) return;
  if (!rules.burial_begins_with_condemning) return ask(engine, Verb::kMembers, {who});
  ask(engine, Verb::kCondemn, {who, std::to_string(silence / Millis{1})});
}

void on_beaten(const Rules& rules, Engine& engine, const Sent& sent) {
  if (sent.lease != engine.incarnation) return;
  if (said(sent) == Said::kLeaseLost) return lose(engine);
  const Instant from = rules.lease_counts_from_sending ? sent.at : kNow;
  engine.lease = renewed(engine.lease, from, kLease);
  std::set<std::uint64_t> silent = numbers_in(sent.reply);
  silent.erase(engine.incarnation);
  const auto& before = rules.buries_after_two ? engine.silent : silent;
  for (const std::uint64_t who : redis::taken_for_dead(before, silent)) {
    engine.to_bury.emplace(who, redis::dead_after(kLease));
  }
  engine.silent = std::move(silent);
  for (const auto& [who, silence] : engine.to_bury) bury(rules, engine, who, silence);
  look_for_what_came_late(rules, engine);
}

void on_leases(Engine& engine, const Sent& sent) {
  heard(engine, sent.reply.elements[1]);
  std::set<std::uint64_t> leases;
  const std::vector<Value>& fields = sent.reply.elements[0].elements;
  for (std::size_t i = 0; i + 1 < fields.size(); i += 2) {
    if (fields[i + 1].text == "1") leases.insert(std::stoull(fields[i].text));
  }
  if (leases.size() == leases.count(engine.incarnation)) return;
  Words words;
  for (const std::uint64_t one : leases) words.push_back(std::to_string(one));
  ask(engine, Verb::kLiving, std::move(words));
}

void on_living(Engine& engine, const Sent& sent) {
  std::set<std::uint64_t> leases;
  for (const std::string& word : sent.words) leases.insert(std::stoull(word));
  const auto living = numbers_in(sent.reply);
  for (const std::uint64_t who : redis::left_over(leases, living, engine.incarnation)) {
    ask(engine, Verb::kRetire, {std::to_string(who), kLeftOver});
  }
}

void on_condemned(Engine& engine, const Sent& sent) {
  const std::uint64_t who = std::stoull(sent.words[0]);
  if (sent.reply.number == 1) return ask(engine, Verb::kMembers, sent.words);
  engine.to_bury.erase(who);  // it lives
}

void on_members(Engine& engine, const Sent& sent) {
  ask(engine, sent.reply.elements.empty() ? Verb::kForget : Verb::kRetire, {sent.words[0]});
}

// ---- the store ----

void hand_out(const Rules& rules, Engine& engine, const Value& calls) {
  for (const Value& one : calls.elements) {
    const auto place = StreamId::parse(one.elements[0].text);
    const auto entry = redis::parse_entry(one.elements[1].text);
    const auto times = static_cast<std::uint32_t>(one.elements[2].number);
    (void)engine.held.claim(kFunction, *place, *entry,
                            rules.takeover_counts_as_delivery ? times : 1, WallTime{});
  }
}

void on_claimed(const Rules& rules, Engine& engine, const Sent& sent, Said what) {
  for (const StreamId& place : sent.again) engine.claimed_again.erase(place);
  const bool ours = sent.lease == engine.incarnation;
  if (ours && what == Said::kDone) heard(engine, sent.reply.elements[2]);
  switch (after_claim(what, ours)) {
    case AfterClaim::kHandOut:
      hand_out(rules, engine, sent.reply.elements[0]);
      return hand_out(rules, engine, sent.reply.elements[1]);
    case AfterClaim::kUndone:
      return engine.returned.insert(sent.again.begin(), sent.again.end());
    case AfterClaim::kLose:
      return lose(engine);
    case AfterClaim::kNothing:
      return;
  }
}

CallId ended_by(Engine& engine, const Sent& sent) {
  CallId id;
  engine.held.for_each([&](const redis::Held& held) {
    if (held.place.text() == sent.words[2]) id = held.head.id;
  });
  return id;
}

void on_finished(Engine& engine, Sent sent, Said what) {
  const bool ours = sent.lease == engine.incarnation;
  if (what == Said::kDone) heard(engine, sent.reply.elements[1]);
  switch (after_ends(what, ours)) {
    case AfterEnds::kEnded:
      return engine.held.forget(ended_by(engine, sent));
    case AfterEnds::kAgain:
      sent.uncertain |= what == Said::kMaybe;
      sent.executed = false;
      engine.asks.push_back(std::move(sent));
      return;
    case AfterEnds::kVoid:
      engine.held.forget(ended_by(engine, sent));
      if (what == Said::kLeaseLost && ours) lose(engine);
  }
}

void on_pending(const Rules& rules, Engine& engine, const Sent& sent) {
  if (said(sent) != Said::kDone || sent.lease != engine.incarnation) return;
  std::set<StreamId> known = engine.returned;
  if (rules.knows_what_is_claimed_again) {
    known.insert(engine.claimed_again.begin(), engine.claimed_again.end());
  }
  engine.held.for_each([&](const redis::Held& held) { known.insert(held.place); });
  std::set<StreamId> pending;
  for (const Value& one : sent.reply.elements) {
    pending.insert(*StreamId::parse(one.elements[0].text));
  }
  engine.returned.merge(redis::left_behind(pending, known));
}

void on_accepted(State& state, Engine& engine, const Sent& sent) {
  heard(engine, sent.reply.elements[1]);
  const auto entry = redis::parse_entry(sent.words[3]);
  if (sent.reply.elements[0].elements[0].number == 1) {
    state.calls[call_of(entry->head.id)].acknowledged = true;
  }
}

}  // namespace

void on_answer(const Rules& rules, State& state, Engine& engine, const Sent& sent) {
  switch (sent.verb) {
    case Verb::kEnter:
      return;
    case Verb::kBeat:
      return on_beaten(rules, engine, sent);
    case Verb::kAccept:
      return on_accepted(state, engine, sent);
    case Verb::kJoin:
      if (said(sent) != Said::kDone && sent.lease == engine.incarnation) engine.joined = false;
      return;
    case Verb::kClaim:
      return on_claimed(rules, engine, sent, said(sent));
    case Verb::kFinish:
      return on_finished(engine, sent, said(sent));
    case Verb::kPending:
      return on_pending(rules, engine, sent);
    case Verb::kCondemn:
      return on_condemned(engine, sent);
    case Verb::kMembers:
      return on_members(engine, sent);
    case Verb::kLeases:
      return on_leases(engine, sent);
    case Verb::kLiving:
      return on_living(engine, sent);
    case Verb::kRetire:
      heard(engine, sent.reply);
      if (sent.words.size() == 1) ask(engine, Verb::kForget, sent.words);
      return;
    case Verb::kForget:
      engine.to_bury.erase(std::stoull(sent.words[0]));
  }
}

void on_no_answer(Engine& engine, const Sent& sent) {
  if (sent.verb == Verb::kClaim) on_claimed({}, engine, sent, Said::kMaybe);
  if (sent.verb == Verb::kFinish) on_finished(engine, sent, Said::kMaybe);
  if (sent.verb == Verb::kJoin && sent.lease == engine.incarnation) engine.joined = false;
}

void on_cut(Engine& engine) {
  std::vector<Sent> kept;
  for (const Sent& sent : std::exchange(engine.asks, {})) {
    if (sent.verb == Verb::kFinish) {
      kept.push_back(sent);
    } else {
      on_no_answer(engine, sent);
    }
  }
  engine.asks.insert(engine.asks.end(), kept.begin(), kept.end());
}

void on_connected(Engine& engine) {
  if (!engine.in()) return;
  engine.beat_due = true;
  std::vector<Sent> ends = std::exchange(engine.asks, {});
  if (engine.joining) {
    if (!std::exchange(engine.joined, true)) {
      ask(engine, Verb::kJoin, {std::to_string(engine.incarnation)});
    }
    ask(engine, Verb::kPending, {std::to_string(engine.incarnation)});
  }
  engine.asks.insert(engine.asks.end(), ends.begin(), ends.end());
}

void on_entered(Engine& engine, std::uint64_t incarnation) {
  engine.incarnation = incarnation;
  engine.beat_due = true;
}

void lose(Engine& engine) {
  if (!engine.in()) return;
  engine.to_bury.emplace(std::exchange(engine.incarnation, 0), Duration{0});
  engine.lease = {};
  engine.silent.clear();
  engine.held.forget_all();
  engine.returned.clear();
  engine.claimed_again.clear();
  engine.joined = engine.joining = false;
  engine.calm = false;
  const auto is_void = [](const Sent& sent) { return sent.verb < Verb::kCondemn; };
  engine.asks.erase(std::remove_if(engine.asks.begin(), engine.asks.end(), is_void),
                    engine.asks.end());
}

}  // namespace convoke::lease
