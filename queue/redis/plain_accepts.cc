// How most calls come into the store on one server: without a script.
//
// Lua reads each event byte by byte to know it again, which costs as much as adding it. A call that
// is ready at once, has no name and its event with it needs nothing looked at: it is added by
// commands that are executed together with the one that counts it.
#include <algorithm>
#include <memory>
#include <utility>

#include "queue/redis/store.h"

namespace convoke::redis {
namespace {

// Of a function's limit, for what other engines accept before we hear of it: an eighth, and no less
// than a few turns of theirs. That near to it, the script looks.
constexpr std::uint64_t for_others(std::uint64_t limit) {
  return std::max<std::uint64_t>(limit / 8, 1'000);
}

}  // namespace

bool RedisStore::goes_plainly(const Line& line, const std::vector<Accepting>& calls) const {
  if (!connection_.together() || line.stand.accepted == 0) return false;
  const std::uint64_t depth = line.stand.depth() + line.accepts_under_way + calls.size();
  const std::uint64_t limit = options_.depth_per_function_max;
  return depth + for_others(limit) <= limit &&
         std::all_of(calls.begin(), calls.end(), [](const Accepting& call) { return call.plain; });
}

void RedisStore::submit_plainly(Line& line, std::vector<Accepting> calls) {
  Transaction transaction;
  for (const Accepting& call : calls) {
    transaction.add(Command("XADD").arg(line.keys.stream()).arg("*").arg("c").arg(call.entry));
  }
  transaction.add(Command("HINCRBY").arg(line.keys.counts()).arg("accepted").arg(calls.size()));
  ask_stand(transaction, line.keys);
  line.accepts_under_way += calls.size();
  const auto kept = std::make_shared<std::vector<Accepting>>(std::move(calls));
  connection_.send_together(transaction, [this, &line, kept](const Answer& answer) {
    line.accepts_under_way -= kept->size();
    on_plain_accepts(line, std::move(*kept), answer);
  });
}

void RedisStore::on_plain_accepts(Line& line, std::vector<Accepting> calls, const Answer& answer) {
  // Nothing was executed; the script says why.
  if (answer.reply.is_error("EXECABORT")) return submit_to_script(line, std::move(calls));
  const auto stand = answer.ok() ? asked_stand(answer.reply) : std::nullopt;
  if (!stand) return refuse_accepts(std::move(calls), refusal_of(answer));
  const Reply first = answer.reply[0];
  if (first.is_error()) return refuse_accepts(std::move(calls), refusal_of({answer.fate, first}));
  Taken taken;
  taken.outcomes.assign(calls.size(), 1);
  on_taken(line, std::move(calls), std::move(taken), *stand);
}

}  // namespace convoke::redis
