#include "tests/model/lease/state.h"

#include <algorithm>

namespace convoke::lease {
namespace {

template <class Number>
void put(std::string& out, Number number) {
  out.append(reinterpret_cast<const char*>(&number), sizeof number);
}

void put_place(std::string& out, const StreamId& place) {
  put(out, place.ms - std::uint64_t{kServerNow});
  put(out, place.sequence);
}

template <class Places>
void put_places(std::string& out, const Places& places) {
  put(out, places.size());
  for (const StreamId& place : places) put_place(out, place);
}

void put_numbers(std::string& out, const std::set<std::uint64_t>& numbers) {
  put(out, numbers.size());
  for (const std::uint64_t number : numbers) put(out, number);
}

void put_sent(std::string& out, const Sent& sent) {
  put(out, sent.verb);
  put(out, sent.lease);
  for (const std::string& word : sent.words) out.append(word).push_back('\0');
  put(out, sent.at.time_since_epoch().count());
  put(out, sent.uncertain);
  put_places(out, sent.again);
  put(out, sent.executed);
  if (sent.executed) append_to(out, sent.reply);
}

void put_held(std::string& out, const redis::Held& held) {
  out += static_cast<char>('0' + call_of(held.head.id));
  put_place(out, held.place);
  put(out, held.epoch().value);
  put(out, held.standing);
  out += held.encoded(held.head);
}

std::string encoded(Engine& engine) {
  std::string out;
  put(out, engine.life);
  put(out, engine.link);
  put(out, engine.joined);
  put(out, engine.joining);
  put(out, engine.beat_due);
  put(out, engine.woken);
  put(out, engine.calm);
  put(out, engine.in_stream);
  put(out, engine.incarnation);
  put(out, engine.lease.until.time_since_epoch().count());
  put_numbers(out, engine.silent);
  put(out, engine.to_bury.size());
  for (const auto& [who, silence] : engine.to_bury) {
    put(out, who);
    put(out, silence.count());
  }
  std::set<std::string> held;
  engine.held.for_each([&](const redis::Held& one) {
    std::string text;
    put_held(text, one);
    held.insert(std::move(text));
  });
  for (const std::string& one : held) out += one;
  put_places(out, engine.returned);
  put_places(out, engine.claimed_again);
  for (const Running& one : engine.running) {
    put(out, call_of(one.receipt.id));
    put(out, one.receipt.epoch.value);
    put(out, one.lease);
  }
  put(out, engine.asks.size());
  for (const Sent& sent : engine.asks) put_sent(out, sent);
  put(out, engine.pipe.size());
  for (const Sent& sent : engine.pipe) put_sent(out, sent);
  return out;
}

}  // namespace

bool sends(const std::vector<Sent>& all, Verb verb) {
  return std::any_of(all.begin(), all.end(), [&](const Sent& one) { return one.verb == verb; });
}

CallId call_id(std::size_t call) {
  std::array<std::uint8_t, 16> bytes{};
  bytes[0] = static_cast<std::uint8_t>(call + 1);
  return CallId::from_bytes(bytes);
}

std::size_t call_of(const CallId& id) { return id.bytes()[0] - std::size_t{1}; }

std::string entry_of(std::size_t call) {
  NewCall made;
  made.id = call_id(call);
  made.function = kFunction;
  return redis::encode(made);
}

std::string encoded(State& state) {
  std::vector<std::string> engines;
  for (Engine& engine : state.engines) engines.push_back(encoded(engine));
  std::sort(engines.begin(), engines.end());
  std::string out;
  put(out, state.server);
  for (const std::string& engine : engines) {
    put(out, engine.size());
    out += engine;
  }
  for (const Sent& sent : state.late) put_sent(out, sent);
  put(out, state.left);
  for (const Fate& call : state.calls) {
    put(out, call.acknowledged);
    put(out, call.settled);
    put(out, call.begun.value);
  }
  put(out, state.accepted);
  return out;
}

}  // namespace convoke::lease
