#include "tests/model/lease/steps.h"

#include <algorithm>

#include "tests/model/lease/engine.h"

namespace convoke::lease {
namespace {

// Time does not pass over an engine that could act and has not: it is prompt, or it is disturbed.
bool is_done_for_now(const Engine& engine) {
  if (!engine.can_send() || !engine.pipe.empty()) return true;
  return engine.in() && engine.asks.empty() && !engine.beat_due;
}

bool is_calm(const Engine& engine) {
  return engine.can_send() && engine.holds_lease() && engine.pipe.empty() && engine.asks.empty();
}

void age(Engine& engine) {
  // What is over is not told from what has been over for longer.
  if (engine.lease.until != Instant{}) {
    engine.lease.until = std::max(engine.lease.until - kTick, kNow);
  }
  for (Sent& sent : engine.pipe) sent.at = std::max(sent.at - kTick, kNow - kLease);
  engine.beat_due = engine.in();
}

}  // namespace

// All engines have come in.
State Steps::first() {
  State state;
  state.engines.resize(bounds_.engines);
  state.calls.resize(bounds_.calls);
  for (int step = 0; step < 2; ++step) {
    for (std::size_t at = 0; at < bounds_.engines; ++at) {
      steps_.clear();
      membership(state, at);
      state = std::move(steps_.front().after);
    }
  }
  while (state.accepted < bounds_.accepted) {
    steps_.clear();
    accept(state, 0);
    state = std::move(steps_.front().after);
  }
  state.left = bounds_.faults;
  return state;
}

bool Steps::is_final(const State& state) {
  if (state.accepted < bounds_.calls || sends(state.late, Verb::kAccept)) return false;
  for (const Engine& engine : state.engines) {
    if (sends(engine.asks, Verb::kAccept) || sends(engine.pipe, Verb::kAccept)) return false;
  }
  const auto* const stream = servers_.stream(state.server);
  const bool some = stream != nullptr && !stream->entries.empty();
  return !some && servers_.delayed(state.server) == nullptr;
}

std::vector<Step> Steps::of(const State& state) {
  steps_.clear();
  time(state);
  late(state);
  for (std::size_t at = 0; at < state.engines.size(); ++at) {
    life(state, at);
    link(state, at);
    wire(state, at);
    if (!state.engines[at].acts()) continue;
    membership(state, at);
    own(state, at);
  }
  for (Step& step : steps_) {
    if (step.after.violated == nullptr) step.after.violated = judge(servers_, step.after);
    if (step.after.violated == nullptr && bounds_.counts) {
      step.after.violated = judge_counts(servers_, step.after);
    }
  }
  return std::move(steps_);
}

void Steps::add(const char* what, State after, std::uint64_t who, bool fault, const char* how,
                const char* first) {
  steps_.push_back({what, how, first, who, fault, std::move(after)});
}

void Steps::execute(State& state, Sent& sent) {
  const Servers::Id before = state.server;
  const Servers::Outcome& outcome = servers_.execute(before, sent.verb, sent.words);
  sent.executed = true;
  sent.reply = outcome.reply;
  state.server = outcome.next;
  if (sent.verb == Verb::kJoin) {
    for (Engine& engine : state.engines) engine.calm = false;  // of whom it came, it may be dead
  }
  if (const char* what = judge_executed(servers_, state, before, sent)) state.violated = what;
}

void Steps::answer(State& state, std::size_t at, const Sent& sent) {
  on_answer(rules_, state, state.engines[at], sent);
}

// ---- time, and the ways of messages ----

void Steps::time(const State& state) {
  if (!std::all_of(state.engines.begin(), state.engines.end(), is_done_for_now)) return;
  State after = state;
  after.server = servers_.aged(state.server);
  const auto dead = who_must_be_dead(servers_, after.server);
  const bool known = !dead.empty() && dead == who_must_be_dead(servers_, state.server);
  for (Engine& engine : after.engines) {
    engine.calm = known && is_calm(engine);
    age(engine);
  }
  add("a third of a lease passes", std::move(after), 0);
}

void Steps::late(const State& state) {
  if (state.late.empty()) return;
  State after = state;
  Sent sent = std::move(after.late.front());
  after.late.erase(after.late.begin());
  execute(after, sent);
  add("executed late, for nobody to hear", std::move(after), sent.lease, false, name_of(sent.verb));
}

// Answered at once; or on its way, behind what is there already.
void Steps::send(State state, std::size_t at, const Sent& sent, const char* first) {
  Engine& engine = state.engines[at];
  const char* const name = name_of(sent.verb);
  if (state.left.delays > 0) {
    State after = state;
    --after.left.delays;
    after.engines[at].pipe.push_back(sent);
    add("sent, and not executed yet", std::move(after), sent.lease, true, name, first);
  }
  if (!engine.pipe.empty()) return;
  Sent prompt = sent;
  execute(state, prompt);
  answer(state, at, prompt);
  add("executed and answered", std::move(state), sent.lease, false, name, first);
}

void Steps::wire(const State& state, std::size_t at) {
  const Engine& engine = state.engines[at];
  const auto next = std::find_if(engine.pipe.begin(), engine.pipe.end(),
                                 [](const Sent& sent) { return !sent.executed; });
  if (next != engine.pipe.end()) {
    State after = state;
    Sent& sent = after.engines[at].pipe[static_cast<std::size_t>(next - engine.pipe.begin())];
    execute(after, sent);
    add("executed, and not answered yet", std::move(after), sent.lease, false, name_of(sent.verb));
  }
  if (engine.acts() && !engine.pipe.empty() && engine.pipe.front().executed) {
    State after = state;
    const Sent sent = engine.pipe.front();
    after.engines[at].pipe.erase(after.engines[at].pipe.begin());
    answer(after, at, sent);
    add("its answer arrives", std::move(after), sent.lease, false, name_of(sent.verb));
  }
  if (engine.can_send() && !engine.asks.empty()) send_first(state, at);
}

void Steps::send_first(State state, std::size_t at, const char* first) {
  std::vector<Sent>& asks = state.engines[at].asks;
  Sent sent = std::move(asks.front());
  sent.at = kNow;
  asks.erase(asks.begin());
  send(std::move(state), at, sent, first);
}

// It has decided; what it asks goes out at once, where it can.
void Steps::decide(const char* what, State after, std::size_t at, bool fault) {
  const Engine& engine = after.engines[at];
  const std::uint64_t who = engine.incarnation;
  const bool sends = engine.can_send() && engine.pipe.empty() && !engine.asks.empty();
  if (!sends || fault) return add(what, std::move(after), who, fault);
  send_first(std::move(after), at, what);
}

// ---- what befalls an engine ----

namespace {

// What was sent and not executed may be, later than all that comes after it.
void send_on_late(State& state, const Engine& engine) {
  --state.left.lates;
  for (const Sent& sent : engine.pipe) {
    if (!sent.executed) state.late.push_back(sent);
  }
}

}  // namespace

void Steps::life(const State& state, std::size_t at) {
  const Engine& engine = state.engines[at];
  if (!engine.acts()) {
    State after = state;
    after.engines[at].life = Engine::Life::kRuns;
    const bool woken = engine.life == Engine::Life::kStandsStill;
    after.engines[at].woken = woken;
    return add(woken ? "wakes" : "is started again", std::move(after), engine.incarnation);
  }
  if (state.left.pauses > 0) {
    State after = state;
    --after.left.pauses;
    after.engines[at].life = Engine::Life::kStandsStill;
    after.engines[at].calm = false;
    add("stands still", std::move(after), engine.incarnation, true);
  }
  if (state.left.crashes == 0) return;
  crash(state, at, false);
  if (state.left.lates > 0 && !engine.pipe.empty()) crash(state, at, true);
}

void Steps::crash(const State& state, std::size_t at, bool arrives_late) {
  const std::uint64_t who = state.engines[at].incarnation;
  State after = state;
  --after.left.crashes;
  if (arrives_late) send_on_late(after, after.engines[at]);
  after.engines[at] = Engine{};
  after.engines[at].life = Engine::Life::kDead;
  add("crashes", after, who, true);
  if (who == 0) return;
  after.engines[at].to_bury.emplace(who, Duration{0});
  add("crashes, and will know who it was", std::move(after), who, true);
}

void Steps::link(const State& state, std::size_t at) {
  const Engine& engine = state.engines[at];
  if (!engine.acts()) return;
  if (!engine.link) return mend(state, at);
  if (state.left.cuts == 0) return;
  cut(state, at, false);
  if (state.left.lates > 0 && !engine.pipe.empty()) cut(state, at, true);
}

void Steps::mend(const State& state, std::size_t at) {
  const Engine& engine = state.engines[at];
  State after = state;
  after.engines[at].link = true;
  on_connected(after.engines[at]);
  add("is connected again", std::move(after), engine.incarnation);
  if (!engine.in() || engine.lease.until == Instant{} || engine.holds_lease()) return;
  State lost = state;
  lose(lost.engines[at]);
  add("gives its lease up, for want of a server", std::move(lost), engine.incarnation);
}

void Steps::cut(const State& state, std::size_t at, bool arrives_late) {
  State after = state;
  --after.left.cuts;
  Engine& engine = after.engines[at];
  if (arrives_late) send_on_late(after, engine);
  engine.link = false;
  engine.calm = false;
  on_cut(engine);
  for (const Sent& sent : std::exchange(engine.pipe, {})) on_no_answer(engine, sent);
  add(arrives_late ? "loses its connection, which carries on what was sent"
                   : "loses its connection",
      std::move(after), engine.incarnation, true);
}

}  // namespace convoke::lease
