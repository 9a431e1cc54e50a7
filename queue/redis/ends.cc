// How attempts and calls come to their ends in the store on Redis.
#include <algorithm>
#include <memory>
#include <utility>

#include "queue/delivery_name.h"
#include "queue/history/delivery_status.h"
#include "queue/redis/bytes.h"
#include "queue/redis/record.h"
#include "queue/redis/scripts.h"
#include "queue/redis/store.h"
#include "queue/redis/verdict.h"

namespace convoke::redis {
namespace {

constexpr Seconds kRefusedRetry{1};
constexpr std::size_t kConcludedBytes = 1UL << 20;  // of results, by one script

}  // namespace

// The receipt is stale; or it went with our lease, and the call runs again.
void RedisStore::refuse_end(Settled settled) {
  const bool lost = !membership_.holds_lease();
  answers_.later(
      SettleAnswer{std::move(settled), lost ? SettleResult::kStoreFailed : SettleResult::kStale});
}

void RedisStore::settle(const Receipt& receipt, Ending ending, Settled settled) {
  Held* const held = held_.current(receipt);
  if (held == nullptr) return refuse_end(std::move(settled));
  if (ending.successor) {
    held->standing = Held::Standing::kEnding;
    NewCall successor = *std::exchange(ending.successor, std::nullopt);
    return settle_after(std::move(successor), receipt, std::move(ending), std::move(settled));
  }
  Finishing end;
  end.text = held->name;
  end.event_apart = held->head.event_apart;
  end.answer = std::move(settled);
  keep(end, *held, std::move(ending));
  finish(*held, std::move(end));
}

void RedisStore::keep(Finishing& end, const Held& held, Ending ending) const {
  const auto delivered = delivered_call(held.name);
  if (has_history(held.name) || (!delivered && ending.event)) {
    end.kept = true;
    end.attempt =
        encode_attempt(history::state_after(ending.settlement), clock_.wall(), ending.report);
    end.status = std::move(ending.destination_status);
    end.result = encode_result(ending.result, ending.result_cut);
  } else if (delivered) {
    end.kept = true;
    end.what = Finish::kDelivered;
    end.text = bytes_of(*delivered);
    end.status = history::delivery_status(ending.settlement, ending.report);
  }
}

// What comes of a delivery may be known before this end is written: room for it is made before the
// delivery is there.
void RedisStore::settle_after(NewCall successor, const Receipt& receipt, Ending ending,
                              Settled settled) {
  const auto kept = std::make_shared<Ending>(std::move(ending));
  if (!kept->event || !delivered_call(successor.name)) {
    return accept_successor(std::move(successor), receipt, kept, std::move(settled));
  }
  Command early("HSET");
  early.arg(line_of(receipt.function).keys.history()[FunctionKeys::kEarly]);
  early.arg(bytes_of(receipt.id)).arg("");
  connection_.send(
      early, [this, receipt, kept, settled = std::move(settled), successor = std::move(successor)](
                 const Answer&) { accept_successor(successor, receipt, kept, settled); });
}

// The successor first: once it is durable this call may end, and not before.
void RedisStore::accept_successor(NewCall successor, const Receipt& receipt,
                                  std::shared_ptr<Ending> kept, Settled settled) {
  accept(std::move(successor), Limits::kLifted,
         [this, receipt, kept, settled = std::move(settled)](const Result<void>& accepted) {
           Held* const held = held_.find(receipt.id);
           if (held == nullptr || held->epoch() != receipt.epoch) {
             return settled(SettleResult::kStoreFailed);  // the lease was lost meanwhile
           }
           held->standing = Held::Standing::kClaimed;
           if (!accepted && accepted.error().code != ErrorCode::kCallAlreadyExists) {
             return settled(SettleResult::kNoRoom);
           }
           settle(receipt, std::move(*kept), settled);
         });
}

void RedisStore::postpone(const Receipt& receipt, WallTime due, Spends spends, AttemptReport report,
                          Settled settled) {
  Held* const held = held_.current(receipt);
  if (held == nullptr) return refuse_end(std::move(settled));
  EntryHead next = held->head;
  ++next.turn;
  ++next.retries;
  if (spends == Spends::kAttempt) ++next.function_errors;
  next.maybe_repeated = false;
  Finishing end;
  end.what = Finish::kPostpone;
  end.text = held->encoded(next);
  end.due = due;
  end.answer = std::move(settled);
  end.kept = has_history(held->name);
  if (end.kept) end.attempt = encode_attempt(CallState::kRetrying, clock_.wall(), report);
  finish(*held, std::move(end));
}

void RedisStore::finish(Held& held, Finishing end) {
  held.standing = Held::Standing::kEnding;
  end.id = held.head.id;
  end.place = held.place;
  Line& line = line_of(held.function);
  line.finishing.push_back(std::move(end));
  asks(line);
}

// What is kept goes by a script of its own, in pieces: results may be large, and hold up the
// server.
void RedisStore::submit_finishes(Line& line) {
  std::vector<Finishing> ends = std::exchange(line.finishing, {});
  const auto is_plain = [](const Finishing& end) { return !end.kept; };
  if (std::all_of(ends.begin(), ends.end(), is_plain)) {
    return submit_finishes(line, std::move(ends), false);
  }
  const auto kept = std::stable_partition(ends.begin(), ends.end(), is_plain);
  std::vector<Finishing> piece;
  std::size_t bytes = 0;
  for (auto end = kept; end != ends.end(); ++end) {
    bytes += end->result.size();
    piece.push_back(std::move(*end));
    if (bytes < kConcludedBytes) continue;
    submit_finishes(line, std::exchange(piece, {}), true);
    bytes = 0;
  }
  submit_finishes(line, std::move(piece), true);
  ends.erase(kept, ends.end());
  submit_finishes(line, std::move(ends), false);
}

void RedisStore::submit_finishes(Line& line, std::vector<Finishing> finishing, bool kept) {
  if (finishing.empty()) return;
  const auto ends = std::make_shared<std::vector<Finishing>>(std::move(finishing));
  const Script& script = kept ? scripts().conclude : scripts().finish;
  Command command = kept ? call_with_history(script, line.keys) : call_of(script, line.keys);
  command.arg(membership_.incarnation());
  for (const Finishing& end : *ends) {
    const char what = static_cast<char>(end.what);
    command.arg(std::string_view(&what, 1)).arg(end.place.text()).arg(end.text);
    if (end.event_apart && !kept) {
      command.arg(apart_id(end.id));
    } else {
      command.arg(to_ms(end.due));
    }
    if (kept) command.arg(end.attempt).arg(end.status).arg(end.result);
  }
  send(script, std::move(command),
       [this, &line, ends, lease = membership_.incarnation()](const Answer& answer) {
         on_finished(line, std::move(*ends), lease, answer);
       });
}

void RedisStore::on_finished(Line& line, std::vector<Finishing> ends, std::uint64_t lease,
                             const Answer& answer) {
  const bool ours = lease == membership_.incarnation();
  const Said what = said(answer);
  switch (after_ends(what, ours)) {
    case AfterEnds::kEnded: {
      const Reply results = answer.reply[0];
      if (const auto stand = parse_stand(answer.reply[1])) heard(line, *stand);
      for (std::size_t i = 0; i < ends.size(); ++i) {
        // Sent a second time, it may have been done the first; nobody else could have.
        finished(ends[i], results[i].integer() == 1 || ends[i].uncertain);
      }
      return;
    }
    case AfterEnds::kAgain:
      for (Finishing& end : ends) {
        end.uncertain |= what == Said::kMaybe;
        line.finishing.push_back(std::move(end));
      }
      return what == Said::kRefused ? finish_later(answer.reply) : asks(line);
    case AfterEnds::kVoid:
      break;
  }
  const bool lost = what == Said::kLeaseLost;
  for (Finishing& end : ends) {
    held_.forget(end.id);
    if (end.answer) end.answer(lost ? SettleResult::kStale : SettleResult::kStoreFailed);
  }
  if (lost && ours) membership_.lose("others have taken this engine's calls over");
}

// The server refuses to write (it is full, or a replica now), which it says before it has begun.
void RedisStore::finish_later(const Reply& refusal) {
  if (refused_timer_.scheduled()) return;
  options_.alarm("the queue's server refuses to write ends, which are kept and tried again: " +
                 std::string(refusal.text()));
  wheel_.schedule(refused_timer_, clock_.now() + kRefusedRetry);
}

void RedisStore::finish_again() {
  for (auto& [function, line] : lines_) {
    if (!line->finishing.empty()) asks(*line);
  }
}

void RedisStore::finished(Finishing& end, bool done) {
  held_.forget(end.id);
  if (end.answer) end.answer(done ? SettleResult::kDone : SettleResult::kStale);
}

// ---- giving back ----

void RedisStore::give_back(const Receipt& receipt) {
  Held* const held = held_.current(receipt);
  if (held == nullptr) return;
  held->standing = Held::Standing::kReturned;
  Line& line = line_of(held->function);
  line.returned.insert(held->place);
  if (!line.oldest_in_stream || held->head.accepted < *line.oldest_in_stream) {
    line.oldest_in_stream = held->head.accepted;
  }
  if (has_history(held->name)) {
    line.noting.push_back({held->head.id, {}});
    asks(line);
  }
  heard(line, Stand(line.stand));
  return_later();
}

void RedisStore::return_later() {
  if (returned_timer_.scheduled()) return;
  wheel_.schedule(returned_timer_, clock_.now() + options_.returned_max);
}

// A claim under way takes them out of `returned`: if it comes to nothing they are there again.
void RedisStore::return_again(Line& line, const std::vector<StreamId>& places) {
  line.returned.insert(places.begin(), places.end());
  return_later();
}

void RedisStore::on_returned_long() {
  held_.for_each([this](Held& held) { put_back(held); });
}

// To whoever has room; unless a claim under way is about to hand it out again.
void RedisStore::put_back(Held& held) {
  if (held.standing != Held::Standing::kReturned) return;
  if (line_of(held.function).returned.erase(held.place) == 0) return;
  EntryHead next = held.head;
  ++next.turn;
  Finishing end;
  end.what = Finish::kReturn;
  end.text = held.encoded(next);
  end.kept = has_history(held.name);
  finish(held, std::move(end));
}

}  // namespace convoke::redis
