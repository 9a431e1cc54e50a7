// How calls come into the store on Redis where replicas must have them (replicas.h).
#include <memory>
#include <string>
#include <utility>

#include "queue/redis/scripts.h"
#include "queue/redis/store.h"

namespace convoke::redis {
namespace {

Error not_acknowledged(std::optional<std::uint64_t> have, std::uint8_t wanted) {
  const std::string known =
      have ? std::to_string(*have) + " of its replicas have it, and " + std::to_string(wanted) +
                 " must"
           : "whether " + std::to_string(wanted) + " of its replicas have it is not known";
  return Error{ErrorCode::kServiceUnavailable,
               "the queue's server has taken the call, but " + known +
                   ": it may run all the same, or be lost",
               Seconds{1}};
}

}  // namespace

void RedisStore::submit_to_replicas(Line& line) {
  if (!replicas_->open()) return asks(line);
  std::vector<Accepting> calls = take_accepting(line);
  // By its text: called by its hash and not known, it would come again behind the WAIT.
  const Command command = by_text(scripts().accept, accept_call(line, calls));
  const auto kept = std::make_shared<std::vector<Accepting>>(std::move(calls));
  replicas_->send(command, [this, &line, kept](const Answer& answer) {
    on_accepts(line, std::move(*kept), answer);
  });
}

void RedisStore::wait_for_replicas(Line& line, Taken taken) {
  taken_.push_back(std::move(taken));
  // Over the other connection: there, later stands than that of the accept may have been told.
  ask_counts({line.function}, [] {});
}

void RedisStore::on_replicated(std::optional<std::uint64_t> replicas) {
  std::optional<Error> short_of;
  if (!replicas || *replicas < replicas_->wanted()) {
    short_of = not_acknowledged(replicas, replicas_->wanted());
  }
  for (Taken& taken : std::exchange(taken_, {})) acknowledge(taken, short_of);
}

void RedisStore::on_shut(const Error& why) {
  options_.alarm("asynchronous calls are refused: " + why.message);
  for (auto& [function, line] : lines_) refuse_accepts(take_accepting(*line), why);
}

}  // namespace convoke::redis
