// What an engine does by itself.
#include <algorithm>
#include <utility>

#include "tests/model/lease/engine.h"
#include "tests/model/lease/steps.h"

namespace convoke::lease {
namespace {

// A turn begins with the heartbeat, if it is due, and what it asks is sent before the next one
// decides; unless it cannot be, or the engine does not know yet how long it stood still.
bool decides(const Engine& engine) {
  if (!engine.link || !engine.pipe.empty()) return true;
  return engine.asks.empty() && (!engine.beat_due || engine.woken);
}

bool is_begun(const Engine& engine, const redis::Held& held) {
  return std::any_of(engine.running.begin(), engine.running.end(), [&](const Running& one) {
    return one.receipt.id == held.head.id && one.receipt.epoch == held.epoch();
  });
}

Sent heartbeat_of(const Engine& engine) {
  Sent beat;
  beat.lease = engine.incarnation;
  beat.at = kNow;
  beat.words = {std::to_string(engine.incarnation), engine.lease.until == Instant{} ? "1" : "0",
                std::to_string(redis::dead_after(kLease) / Millis{1})};
  return beat;
}

}  // namespace

void Steps::membership(const State& state, std::size_t at) {
  const Engine& engine = state.engines[at];
  if (!engine.link) return;
  if (!engine.in()) {
    State after = state;
    const Servers::Outcome& outcome = servers_.execute(state.server, Verb::kEnter, {});
    after.server = outcome.next;
    const auto who = static_cast<std::uint64_t>(outcome.reply.number);
    on_entered(after.engines[at], who);
    return add("gets an incarnation", std::move(after), who);
  }
  if (!engine.beat_due || sends(engine.pipe, Verb::kBeat)) return;
  State after = state;
  after.engines[at].beat_due = after.engines[at].woken = false;
  send(std::move(after), at, heartbeat_of(engine));
}

void Steps::own(const State& state, std::size_t at) {
  const Engine& engine = state.engines[at];
  if (!decides(engine)) return;
  for (std::size_t call = 0; call < state.accepted; ++call) {
    const redis::Held* const held = engine.held.find(call_id(call));
    if (held == nullptr) continue;
    if (held->standing == redis::Held::Standing::kClaimed) with_held(state, at, *held);
    if (held->standing == redis::Held::Standing::kReturned) put_back(state, at, *held);
  }
  for (std::size_t i = 0; i < engine.running.size(); ++i) end(state, at, i);
  if (!engine.link || !engine.holds_lease()) return;
  if (state.accepted < bounds_.calls) accept(state, at);
  if (!sends(engine.pipe, Verb::kClaim) && !sends(engine.asks, Verb::kClaim)) claim(state, at);
}

void Steps::with_held(const State& state, std::size_t at, const redis::Held& held) {
  const Engine& engine = state.engines[at];
  if (is_begun(engine, held)) return;
  if (engine.holds_lease() || !rules_.start_looks_at_the_lease) {
    State after = state;
    if (const char* what = judge_begun(servers_, after, engine, held)) after.violated = what;
    const Receipt receipt{held.head.id, held.function, held.epoch()};
    after.engines[at].running.push_back({receipt, engine.incarnation});
    add("begins a call", std::move(after), engine.incarnation);
  }
  if (state.left.returns == 0) return;
  State back = state;
  --back.left.returns;
  Engine& giver = back.engines[at];
  giver.held.find(held.head.id)->standing = redis::Held::Standing::kReturned;
  giver.returned.insert(held.place);
  add("gives a call back", std::move(back), engine.incarnation, true);
}

void Steps::end(const State& state, std::size_t at, std::size_t running) {
  for (const End how : {End::kSettle, End::kPostpone}) {
    const bool settles = how == End::kSettle;
    if (!settles && state.left.postpones == 0) continue;
    State after = state;
    if (!settles) --after.left.postpones;
    Engine& engine = after.engines[at];
    const Receipt receipt = engine.running[running].receipt;
    engine.running.erase(engine.running.begin() + static_cast<std::ptrdiff_t>(running));
    if (redis::Held* const held = engine.held.current(receipt)) ask_to_end(engine, *held, how);
    decide(settles ? "ends a call" : "postpones a call", std::move(after), at, !settles);
  }
}

// What was given back goes to whoever has room; unless it is being claimed again.
void Steps::put_back(const State& state, std::size_t at, const redis::Held& held) {
  if (!state.engines[at].can_send() || state.engines[at].returned.count(held.place) == 0) return;
  State after = state;
  Engine& engine = after.engines[at];
  engine.returned.erase(held.place);
  ask_to_end(engine, *engine.held.find(held.head.id), End::kReturn);
  decide("puts a call back for others", std::move(after), at);
}

void Steps::accept(const State& state, std::size_t at) {
  State after = state;
  Sent sent;
  sent.verb = Verb::kAccept;
  sent.lease = state.engines[at].incarnation;
  sent.words = {"1000", "0", "1", entry_of(after.accepted++)};
  after.engines[at].asks.push_back(std::move(sent));
  decide("is asked to accept a call", std::move(after), at);
}

void Steps::claim(const State& state, std::size_t at) {
  State after = state;
  ask_to_claim(after.engines[at], bounds_.claim_max);
  decide("wants a call", std::move(after), at);
}

}  // namespace convoke::lease
