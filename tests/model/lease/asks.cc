// What an engine sends, as the store does.
#include <utility>

#include "tests/model/lease/engine.h"

namespace convoke::lease {

void ask(Engine& engine, Verb verb, Words words) {
  Sent sent;
  sent.verb = verb;
  sent.lease = engine.incarnation;
  sent.words = std::move(words);
  engine.asks.push_back(std::move(sent));
}

void ask_to_claim(Engine& engine, std::size_t max) {
  const std::string who = std::to_string(engine.incarnation);
  engine.joining = true;
  if (!std::exchange(engine.joined, true)) ask(engine, Verb::kJoin, {who});
  std::vector<StreamId> again;
  while (again.size() < max && !engine.returned.empty()) {
    again.push_back(*engine.returned.begin());
    engine.returned.erase(engine.returned.begin());
  }
  Words words = {who, std::to_string(max - again.size()), std::to_string(kServerNow)};
  for (const StreamId& place : again) words.push_back(place.text());
  engine.claimed_again.insert(again.begin(), again.end());
  ask(engine, Verb::kClaim, std::move(words));
  engine.asks.back().again = std::move(again);
}

void ask_to_end(Engine& engine, redis::Held& held, End how) {
  redis::EntryHead next = held.head;
  ++next.turn;
  if (how == End::kPostpone) next.maybe_repeated = false;
  if (how == End::kPostpone) ++next.retries;
  held.standing = redis::Held::Standing::kEnding;
  ask(engine, Verb::kFinish,
      {std::to_string(engine.incarnation), std::string(1, static_cast<char>(how)),
       held.place.text(), how == End::kSettle ? "" : held.encoded(next),
       how == End::kPostpone ? std::to_string(kServerNow) : "0"});
}

}  // namespace convoke::lease
