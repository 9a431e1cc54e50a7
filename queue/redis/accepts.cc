// How calls come into the store on Redis.
#include <algorithm>
#include <memory>
#include <utility>

#include "queue/redis/scripts.h"
#include "queue/redis/store.h"

namespace convoke::redis {
namespace {

constexpr Seconds kFullRetryAfter{1};
constexpr std::int64_t kEventNotWhole = -2;  // as accept.lua has it

Error full(const std::string& what, std::uint64_t depth_max) {
  return Error{ErrorCode::kResourceThrottled,
               what + " is full: " + std::to_string(depth_max) +
                   " asynchronous calls have not ended; try again later",
               kFullRetryAfter};
}

// As accept.lua takes it.
std::string limit_of(const Accepting& call) {
  if (call.firing) {
    return std::to_string(call.firing->trigger) + ' ' + std::to_string(to_ms(call.firing->due));
  }
  return call.limited ? "1" : "0";
}

Error exists(const std::string& what) {
  return Error{ErrorCode::kCallAlreadyExists, what + " exists", std::nullopt};
}

}  // namespace

Error refusal_of(const Answer& answer) {
  if (answer.fate == Fate::kReplied) {
    return Error{ErrorCode::kServiceUnavailable,
                 "the queue's server refuses calls: " + std::string(answer.reply.text()),
                 Seconds{1}};
  }
  return Error{ErrorCode::kServiceUnavailable,
               answer.fate == Fate::kLost
                   ? "the queue's server did not say whether it has taken the call"
                   : "the queue's server cannot be reached",
               Seconds{1}};
}

void RedisStore::accept(NewCall call, Accepted accepted) {
  accept(std::move(call), Limits::kHold, std::move(accepted));
}

void RedisStore::accept(NewCall call, Limits limits, Accepted accepted) {
  if (auto refused = refusal(call, limits)) {
    return answers_.later(AcceptAnswer{std::move(accepted), *std::move(refused)});
  }
  Line& line = line_of(call.function);
  Accepting accepting;
  accepting.accepted = call.accepted;
  if (call.due > call.accepted) accepting.due = call.due;
  accepting.limited = limits == Limits::kHold;
  accepting.kept = has_history(call.name);
  accepting.firing = firing_of(call.id);
  accepting.answer = std::move(accepted);
  ++depth_;
  if (call.event.size() <= options_.apart.entry_bytes_max) {
    accepting.entry = encode(call);
    accepting.plain = call.name.empty() && !accepting.due && !accepting.firing;
    return accept(line, std::move(accepting));
  }
  const auto bytes = static_cast<std::uint32_t>(call.event.size());
  const auto piece_bytes = static_cast<std::uint32_t>(options_.apart.piece_bytes);
  accepting.entry = encode(call, ApartEvent{bytes, piece_bytes});
  accept_when_uploaded(line, std::move(call), std::move(accepting));
}

void RedisStore::accept(Line& line, Accepting accepting) {
  accepting_bytes_ += accepting.entry.size();
  line.accepting.push_back(std::move(accepting));
  asks(line);
}

// Of the pieces each is answered before the call is sent: so no piece comes behind it.
void RedisStore::accept_when_uploaded(Line& line, NewCall call, Accepting accepting) {
  const auto kept = std::make_shared<Accepting>(std::move(accepting));
  carrier_.upload(line.keys.event(apart_id(call.id)), std::move(call.event),
                  options_.apart.piece_bytes, [this, &line, kept](const Result<void>& uploaded) {
                    if (uploaded) return accept(line, std::move(*kept));
                    --depth_;
                    kept->answer(uploaded);
                  });
}

std::optional<Error> RedisStore::refusal(const NewCall& call, Limits limits) const {
  if (auto well = health(); !well) return well.error();
  if (replicas_ && replicas_->trouble()) return replicas_->trouble();
  if (replicas_ && accepting_bytes_ >= options_.pipeline.bytes_max) {
    return Error{ErrorCode::kServiceUnavailable,
                 "calls come faster than replicas of the queue's server have them", Seconds{1}};
  }
  if (held_.find(call.id) != nullptr) return exists("the call " + call.id.text());
  if (call.name.size() > kEntryTextMax || call.qualifier.size() > kEntryTextMax) {
    return Error{ErrorCode::kInvalidArgument, "the call's name or qualifier is too long",
                 std::nullopt};
  }
  if (call.event.size() > options_.event_bytes_max) {
    return Error{ErrorCode::kEntityTooLarge,
                 "the event is larger than the queue takes: at most " +
                     std::to_string(options_.event_bytes_max) + " bytes",
                 std::nullopt};
  }
  if (limits == Limits::kHold && depth_ >= options_.depth_max)
    return full("the queue of all functions", options_.depth_max);
  return std::nullopt;
}

std::vector<Accepting> RedisStore::take_accepting(Line& line) {
  for (const Accepting& call : line.accepting) accepting_bytes_ -= call.entry.size();
  return std::exchange(line.accepting, {});
}

void RedisStore::submit_accepts(Line& line) {
  if (line.accepting.empty()) return;
  if (replicas_) return submit_to_replicas(line);
  std::vector<Accepting> calls = take_accepting(line);
  if (goes_plainly(line, calls)) return submit_plainly(line, std::move(calls));
  submit_to_script(line, std::move(calls));
}

void RedisStore::submit_to_script(Line& line, std::vector<Accepting> calls) {
  Command command = accept_call(line, calls);
  const auto kept = std::make_shared<std::vector<Accepting>>(std::move(calls));
  send(scripts().accept, std::move(command),
       [this, &line, kept](const Answer& answer) { on_accepts(line, std::move(*kept), answer); });
}

Command RedisStore::accept_call(const Line& line, const std::vector<Accepting>& calls) const {
  const bool recorded =
      std::any_of(calls.begin(), calls.end(), [](const Accepting& call) { return call.kept; });
  Command command = recorded ? call_with_history(scripts().accept, line.keys)
                             : call_of(scripts().accept, line.keys);
  command.arg(options_.depth_per_function_max);
  for (const Accepting& call : calls) {
    command.arg(call.due ? to_ms(*call.due) : 0).arg(limit_of(call)).arg(call.entry);
  }
  return command;
}

void RedisStore::on_accepts(Line& line, std::vector<Accepting> calls, const Answer& answer) {
  const auto stand = answer.ok() ? parse_stand(answer.reply[1]) : std::nullopt;
  if (!stand) return refuse_accepts(std::move(calls), refusal_of(answer));
  const Reply results = answer.reply[0];
  Taken taken;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    taken.outcomes.push_back(results[i].integer().value_or(0));
  }
  on_taken(line, std::move(calls), std::move(taken), *stand);
}

void RedisStore::on_taken(Line& line, std::vector<Accepting> calls, Taken taken,
                          const Stand& stand) {
  depth_ -= calls.size();
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const bool ready = taken.outcomes[i] == 1 && !calls[i].due;
    if (ready && !line.oldest_in_stream) line.oldest_in_stream = calls[i].accepted;
  }
  taken.calls = std::move(calls);
  if (replicas_) return wait_for_replicas(line, std::move(taken));
  heard(line, stand);
  acknowledge(taken, unfit() != nullptr ? std::optional(*unfit()) : std::nullopt);
}

void RedisStore::acknowledge(Taken& taken, const std::optional<Error>& short_of) const {
  for (std::size_t i = 0; i < taken.calls.size(); ++i) {
    Result<void> result;
    if (taken.outcomes[i] == 0) {
      result = full("this function's queue", options_.depth_per_function_max);
    } else if (taken.outcomes[i] == kEventNotWhole) {
      result = Error{ErrorCode::kServiceUnavailable,
                     "the queue's server did not keep the event until its call came", Seconds{1}};
    } else if (taken.outcomes[i] < 0) {
      result = taken.calls[i].firing
                   ? exists("a call that the timer has fired for this due time or a later one")
                   : exists(taken.calls[i].kept
                                ? "an invocation with this id, which is kept with the history,"
                                : "an unfinished call of this name");
    } else if (short_of) {
      result = *short_of;
    }
    taken.calls[i].answer(std::move(result));
  }
}

void RedisStore::refuse_accepts(std::vector<Accepting> calls, const Error& why) {
  depth_ -= calls.size();
  for (Accepting& call : calls) answers_.later(AcceptAnswer{std::move(call.answer), why});
}

}  // namespace convoke::redis
