// How most calls come out of the store on one server: without Lua, which reads each event byte by
// byte to know it again.
//
// Where nothing was given back, nothing fell due and nobody left anything, a claim is the next
// entries of the stream. XREADGROUP takes them for whoever it is told, lease or none; so the script
// behind it, in the same transaction, looks. What an incarnation without a lease has taken so is
// not handed out, and left as what a retired one held (claimed.lua).
#include <utility>

#include "queue/redis/handing.h"
#include "queue/redis/scripts.h"
#include "queue/redis/store.h"

namespace convoke::redis {

bool RedisStore::claims_plainly(const Line& line, std::size_t max) const {
  const bool due = line.stand.next_due && *line.stand.next_due <= clock_.wall();
  return max > 0 && !claims_by_script_ && line.returned.empty() && !line.left_over && !due &&
         connection_.together();
}

void RedisStore::submit_plain_claim(Line& line, std::size_t max) {
  const Claim claim{true, membership_.incarnation(), {}, true, max};
  Transaction transaction;
  transaction.add(Command("XREADGROUP")
                      .arg("GROUP")
                      .arg("e")
                      .arg(claim.lease)
                      .arg("COUNT")
                      .arg(max)
                      .arg("STREAMS")
                      .arg(line.keys.stream())
                      .arg(">"));
  transaction.add(call_of(scripts().claimed, line.keys).arg(claim.lease));
  connection_.send_together(transaction, [this, &line, claim](const Answer& answer) {
    on_plain_claim(line, claim, answer);
  });
}

void RedisStore::on_plain_claim(Line& line, const Claim& claim, const Answer& answer) {
  const Reply counted = answer.reply[1];
  const bool uncounted = answer.reply.is_error() && !answer.reply.is_error("EXECABORT");
  if (uncounted || (counted.is_error() && !says_lease_lost(counted))) {
    claims_by_script_ = claims_by_script_ || !counted.is_error("NOSCRIPT");
    count_claimed(line, claim.lease);
  }
  const bool left = answer.reply[0].is_nil() && counted[2].integer().value_or(0) > 0;
  if (left || answer.reply.is_error("EXECABORT")) return claim_by_script(line, claim);
  const Answer judged = answer.ok() ? Answer{answer.fate, counted} : answer;
  on_claim(line, claim, said(judged),
           [&](Handing& handing) { plainly_claimed(handing, claim, answer.reply); });
}

void RedisStore::plainly_claimed(Handing& handing, const Claim& claim, const Reply& answer) {
  const Reply entries = answer[0][0][1];
  for (std::size_t i = 0; i < entries.size(); ++i) {
    claimed(handing, entries[i][0].text(), entries[i][1][1].text(), 1);
  }
  const Reply counted = answer[1];
  handing.line.left_over = counted[2].integer().value_or(1) > 0;
  claimed(handing, claim, counted[0], counted[1]);
}

// There is nothing but what was left, or nothing was executed: the same claim again.
void RedisStore::claim_by_script(Line& line, const Claim& claim) {
  line.left_over = true;
  line.claiming.push_back(claim.max);
  asks(line);
}

// The server has forgotten its scripts, or does not take this one: what was claimed is counted now,
// if it can be, and then looked for.
void RedisStore::count_claimed(Line& line, std::uint64_t lease) {
  Command command = call_of(scripts().claimed, line.keys);
  command.arg(lease);
  send(scripts().claimed, std::move(command), [this, &line](const Answer&) { reconcile(line); });
}

}  // namespace convoke::redis
