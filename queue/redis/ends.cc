// How attempts and calls come to their ends in the store on Redis.
#include <algorithm>
#include <memory>
#include <utility>

#include "queue/redis/scripts.h"
#include "queue/redis/store.h"
#include "queue/redis/verdict.h"

namespace convoke::redis {
namespace {

constexpr Seconds kRefusedRetry{1};
constexpr int kSeekStep = 500;  // entries, a call: a search must not hold up the server

}  // namespace

struct RedisStore::Seeking {
  FunctionId function;
  CallId id;
  Found found;      // one of these two
  Stopped stopped;  // is asked for
};

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
  end.answer = std::move(settled);
  finish(*held, std::move(end));
}

// The successor first: once it is durable this call may end, and not before.
void RedisStore::settle_after(NewCall successor, const Receipt& receipt, Ending ending,
                              Settled settled) {
  const auto kept = std::make_shared<Ending>(std::move(ending));
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

void RedisStore::postpone(const Receipt& receipt, WallTime due, Spends spends,
                          AttemptReport /*report*/, Settled settled) {
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

void RedisStore::submit_finishes(Line& line) {
  if (line.finishing.empty()) return;
  const auto ends = std::make_shared<std::vector<Finishing>>(std::exchange(line.finishing, {}));
  Command command = call_of(scripts().finish, line);
  command.arg(membership_.incarnation());
  for (const Finishing& end : *ends) {
    const char what = static_cast<char>(end.what);
    command.arg(std::string_view(&what, 1)).arg(end.place.text()).arg(end.text);
    command.arg(to_ms(end.due));
  }
  send(scripts().finish, std::move(command),
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
  finish(held, std::move(end));
}

// ---- looking for one call ----

bool RedisStore::holds(const CallId& id) const {
  const Held* const held = held_.find(id);
  return held != nullptr && held->standing == Held::Standing::kClaimed;
}

void RedisStore::stop(FunctionId function, const CallId& id, Stopped stopped) {
  if (Held* const held = held_.find(id)) put_back(*held);
  if (holds(id)) return answers_.later(StopAnswer{std::move(stopped), StopResult::kUnderWay});
  seek_to_stop(function, id, [this, function, id, stopped](StopResult result) {
    if (result != StopResult::kUnderWay || holds(id)) return stopped(result);
    stops_.ask(function, id, stopped);
  });
}

void RedisStore::seek_to_stop(FunctionId function, const CallId& id, Stopped stopped) {
  auto seeking = std::make_shared<Seeking>(Seeking{function, id, nullptr, std::move(stopped)});
  seek(std::move(seeking), "q", "-");
}

void RedisStore::on_stop_asked(FunctionId function, const CallId& id) {
  if (!holds(id)) return;
  listener_.on_stop_asked(function, id, [this, id](StopResult result) { stops_.tell(id, result); });
}

void RedisStore::look_again(FunctionId function, const CallId& id) {
  const auto answer = [this, id](StopResult result) { stops_.answer(id, result); };
  if (holds(id)) return listener_.on_stop_asked(function, id, answer);
  seek_to_stop(function, id, [this, id, answer](StopResult result) {
    if (result == StopResult::kUnderWay) return stops_.ask_again(id);
    if (result == StopResult::kStoreFailed) return;  // looked at again
    // Gone: by the stop that was asked for, as far as anybody can tell.
    answer(StopResult::kStopped);
  });
}

void RedisStore::seek(FunctionId function, const CallId& id, Found found) {
  auto seeking = std::make_shared<Seeking>(Seeking{function, id, std::move(found), nullptr});
  seek(std::move(seeking), "q", "-");
}

void RedisStore::seek(std::shared_ptr<Seeking> seeking, const std::string& where,
                      const std::string& from) {
  Line& line = line_of(seeking->function);
  submit_finishes(line);
  const auto& id = seeking->id.bytes();
  Command command = call_of(scripts().seek, line);
  command.arg({reinterpret_cast<const char*>(id.data()), id.size()}).arg(where).arg(from);
  command.arg(kSeekStep).arg(seeking->stopped ? "stop" : "find");
  send(scripts().seek, std::move(command),
       [this, seeking = std::move(seeking)](const Answer& answer) { on_sought(seeking, answer); });
}

void RedisStore::on_sought(const std::shared_ptr<Seeking>& seeking, const Answer& answer) {
  const Reply& reply = answer.reply;
  const std::string_view what = answer.ok() ? reply[0].text() : "";
  if (what == "on")
    return seek(seeking, std::string(reply[1].text()), std::string(reply[2].text()));
  if (what == "stopped") {
    if (const auto stand = parse_stand(reply[1])) heard(line_of(seeking->function), *stand);
    return seeking->stopped(StopResult::kStopped);
  }
  const auto entry = what == "there" ? parse_entry(reply[3].text()) : std::nullopt;
  if (seeking->stopped) {
    if (entry) return seeking->stopped(StopResult::kUnderWay);
    return seeking->stopped(what == "gone" ? StopResult::kUnknown : StopResult::kStoreFailed);
  }
  if (!entry) return seeking->found(std::nullopt);
  CallPosition position;
  position.function = seeking->function;
  position.accepted = entry->head.accepted;
  position.retries = entry->head.retries;
  const std::int64_t due = reply[2].integer().value_or(-1);
  position.due = due < 0 ? entry->head.first_due : wall_from_ms(due);
  position.state = reply[1].integer() == 1   ? CallState::kDequeued
                   : entry->head.retries > 0 ? CallState::kRetrying
                                             : CallState::kEnqueued;
  seeking->found(position);
}

}  // namespace convoke::redis
