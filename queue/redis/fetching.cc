// How the events of claimed calls come here that lie apart, one after the other.
#include <algorithm>
#include <memory>
#include <utility>

#include "queue/redis/handing.h"
#include "queue/redis/store.h"

namespace convoke::redis {

// What is not ours any more by then is not handed out: a call that had come with the claim, or one
// whose event was still to come. The claim is answered all the same.
void RedisStore::hand_out(std::shared_ptr<Handing> handing) {
  Line& line = handing->line;
  const bool ours = handing->lease == membership_.incarnation();
  if (ours && handing->next < handing->apart.size()) {
    const Handing::Apart& one = handing->apart[handing->next];
    const auto entry = parse_entry(one.entry);
    const auto event = parse_apart(entry->event);
    if (!event) return fetched(handing, Fetched::kMissing, {});
    return fetch_event(connection_, line.keys.event(apart_id(entry->head.id)), *event,
                       [this, handing](Fetched what, std::string bytes) {
                         fetched(handing, what, std::move(bytes));
                       });
  }
  if (!handing->apart.empty()) {
    std::erase_if(handing->calls, [this](const ClaimedCall& call) {
      return held_.current(call.receipt) == nullptr;
    });
  }
  listener_.on_claimed(line.function, std::move(handing->calls));
}

void RedisStore::fetched(const std::shared_ptr<Handing>& handing, Fetched what, std::string event) {
  if (handing->lease != membership_.incarnation()) return hand_out(handing);
  Line& line = handing->line;
  const Handing::Apart& one = handing->apart[handing->next++];
  line.claimed_again.erase(one.place);
  if (what == Fetched::kNoAnswer) {
    line.told_ready = false;
    return_again(line, {one.place});
  } else {
    ClaimedCall& call = handing->calls[one.at];
    call = hold(line, one.place, *parse_entry(one.entry), one.deliveries);
    call.event = std::move(event);
    call.event_lost = what == Fetched::kMissing;
  }
  hand_out(handing);
}

}  // namespace convoke::redis
