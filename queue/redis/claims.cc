// How calls come out of the store on Redis, and how it knows that there are some.
#include <algorithm>
#include <utility>

#include "queue/redis/handing.h"
#include "queue/redis/scripts.h"
#include "queue/redis/store.h"
#include "queue/redis/verdict.h"

namespace convoke::redis {
namespace {

constexpr std::size_t kPendingMax = 10'000;  // of one incarnation and function, looked at at once

}  // namespace

void RedisStore::claim(FunctionId function, std::size_t max) {
  Line& line = line_of(function);
  if (!connection_.ready() || !membership_.holds_lease()) {
    line.told_ready = false;  // again, when a lease holds
    return answers_.later(ClaimAnswer{function, {}});
  }
  line.claiming.push_back(max);
  wake_ups_.on_claim(function);
  asks(line);
}

void RedisStore::refuse_claims(Line& line) {
  if (!line.claiming.empty()) line.told_ready = false;
  for (std::size_t claims = line.claiming.size(); claims > 0; --claims) {
    answers_.later(ClaimAnswer{line.function, {}});
  }
  line.claiming.clear();
}

// To learn how the function's calls stand, and have the due ones join.
void RedisStore::look(Line& line) {
  line.looks = true;
  asks(line);
}

// A claim tells what a look would.
void RedisStore::submit_claims(Line& line) {
  if (std::exchange(line.looks, false) && line.claiming.empty()) submit_claim(line, 0, false);
  for (const std::size_t max : std::exchange(line.claiming, {})) submit_claim(line, max, true);
}

void RedisStore::submit_claim(Line& line, std::size_t max, bool asked) {
  if (claims_plainly(line, max)) return submit_plain_claim(line, max);
  const std::vector<StreamId> again = line.take_returned(max);
  Command command = call_of(scripts().claim, line.keys);
  command.arg(membership_.incarnation()).arg(max - again.size()).arg(to_ms(clock_.wall()));
  for (const StreamId& place : again) command.arg(place.text());
  line.claimed_again.insert(again.begin(), again.end());
  const Claim claim{asked, membership_.incarnation(), again, max > again.size()};
  send(scripts().claim, std::move(command),
       [this, &line, claim](const Answer& answer) { on_claimed(line, claim, answer); });
}

void RedisStore::on_claimed(Line& line, const Claim& claim, const Answer& answer) {
  for (const StreamId& place : claim.again) line.claimed_again.erase(place);
  on_claim(line, claim, said(answer), [&](Handing& handing) {
    for (const Reply& handed_out : {answer.reply[0], answer.reply[1]}) {
      for (std::size_t i = 0; i < handed_out.size(); ++i) {
        const Reply one = handed_out[i];
        const auto deliveries = static_cast<std::uint32_t>(one[2].integer().value_or(1));
        claimed(handing, one[0].text(), one[1].text(), deliveries);
      }
    }
    line.left_over = answer.reply[4].integer().value_or(1) > 0;
    claimed(handing, claim, answer.reply[2], answer.reply[3]);
  });
}

void RedisStore::on_claim(Line& line, const Claim& claim, Said what,
                          const std::function<void(Handing&)>& take) {
  const auto handing = std::make_shared<Handing>(line, claim.lease);
  switch (after_claim(what, claim.lease == membership_.incarnation())) {
    case AfterClaim::kHandOut:
      take(*handing);
      break;
    case AfterClaim::kUndone:
      if (claim.asked) line.told_ready = false;
      return_again(line, claim.again);
      break;
    case AfterClaim::kLose:
      membership_.lose("others have taken this engine's calls over");
      break;
    case AfterClaim::kNothing:
      break;
  }
  if (claim.asked) hand_out(handing);
}

void RedisStore::claimed(Handing& handing, const Claim& claim, const Reply& told,
                         const Reply& accepted) {
  Line& line = handing.line;
  const std::int64_t oldest = accepted.integer().value_or(-1);
  line.oldest_in_stream = oldest < 0 ? std::nullopt : std::optional(wall_from_ms(oldest));
  if (claim.asked) line.told_ready = false;
  const auto stand = parse_stand(told);
  if (!stand) return;
  const bool none = handing.calls.empty() && handing.apart.empty() && !line.left_over;
  if (claim.fresh) line.out_of_reach = none ? stand->ready() : 0;
  heard(line, *stand);
}

// What somebody else has written there stays pending, untouched.
void RedisStore::claimed(Handing& handing, std::string_view at, std::string_view bytes,
                         std::uint32_t deliveries) {
  Line& line = handing.line;
  const auto place = StreamId::parse(at);
  const auto entry = parse_entry(bytes);
  if (!place || !entry) {
    options_.alarm("the entry " + std::string(at) + " of " + line.keys.all()[0] +
                   " is no call: delete it, or look who writes there");
    if (place) line.no_calls.insert(*place);
    return;
  }
  if (!entry->head.event_apart) {
    handing.calls.push_back(hold(line, *place, *entry, deliveries));
    return;
  }
  line.claimed_again.insert(*place);
  handing.apart.push_back({handing.calls.size(), *place, std::string(bytes), deliveries});
  handing.calls.emplace_back();
}

ClaimedCall RedisStore::hold(Line& line, const StreamId& place, const Entry& entry,
                             std::uint32_t deliveries) {
  ClaimedCall call = held_.claim(line.function, place, entry, deliveries, clock_.wall());
  if (has_history(call.name)) note(*held_.find(call.receipt.id));
  return call;
}

// What a claim has taken whose answer never came is ours too.
void RedisStore::reconcile(Line& line) {
  Command command("XPENDING");
  command.arg(line.keys.all()[0]).arg("e").arg("-").arg("+").arg(kPendingMax);
  command.arg(membership_.incarnation());
  connection_.send(command, [this, &line, lease = membership_.incarnation()](const Answer& answer) {
    if (answer.fate != Fate::kReplied || lease != membership_.incarnation()) return;
    if (!answer.ok()) return look(line);  // there is no group: our join was not executed
    std::set<StreamId> known = line.returned;
    known.insert(line.claimed_again.begin(), line.claimed_again.end());
    known.insert(line.no_calls.begin(), line.no_calls.end());
    held_.for_each([&](const Held& held) {
      if (held.function == line.function) known.insert(held.place);
    });
    std::set<StreamId> pending;
    for (std::size_t i = 0; i < answer.reply.size(); ++i) {
      if (const auto place = StreamId::parse(answer.reply[i][0].text())) pending.insert(*place);
    }
    line.returned.merge(left_behind(pending, known));
    look(line);
  });
}

// ---- what the server says ----

void RedisStore::heard(Line& line, const Stand& stand) {
  depth_ += stand.depth();
  depth_ -= line.stand.depth();
  if (line.stand.next_due != stand.next_due) {
    if (line.stand.next_due) due_.erase({*line.stand.next_due, line.function});
    if (stand.next_due) due_.insert({*stand.next_due, line.function});
    arm_due_timer();
  }
  line.stand = stand;
  line.out_of_reach = std::min(line.out_of_reach, stand.ready());
  if (line.ready() <= line.out_of_reach) {
    line.told_ready = false;
    line.oldest_in_stream.reset();
    wake_ups_.on_empty(line.function);
    return;
  }
  // Which one that is, the next claim says; until then it is known to be there.
  if (!line.oldest_in_stream) line.oldest_in_stream = clock_.wall();
  if (!std::exchange(line.told_ready, true)) {
    answers_.later(ReadyNews{line.function});
    wake_ups_.on_ready(line.function);
  }
}

void RedisStore::arm_due_timer() {
  if (due_.empty()) return due_timer_.cancel();
  const Duration left = std::max<Duration>(due_.begin()->first - clock_.wall(), Duration{0});
  wheel_.schedule(due_timer_, clock_.now() + std::min(left, options_.wall_check_every));
}

// What is due leaves `due_` when the server has answered; if it does not, it is asked again.
void RedisStore::on_due() {
  const WallTime now = clock_.wall();
  if (due_.empty() || due_.begin()->first > now) return arm_due_timer();
  wheel_.schedule(due_timer_, clock_.now() + options_.wall_check_every);
  if (!membership_.holds_lease() || !connection_.ready()) return;
  for (auto at = due_.begin(); at != due_.end() && at->first <= now; ++at) {
    look(line_of(at->second));
  }
}

}  // namespace convoke::redis
