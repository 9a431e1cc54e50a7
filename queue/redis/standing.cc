// How calls stand on Redis, as far as it is known here, and how that is asked.
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

#include "queue/redis/scripts.h"
#include "queue/redis/store.h"

namespace convoke::redis {

void RedisStore::list_functions(std::function<void(std::vector<FunctionId>)> listed) {
  connection_.send(Command("SMEMBERS").arg(keys_.functions),
                   [listed = std::move(listed)](const Answer& answer) {
                     std::vector<FunctionId> functions;
                     for (std::size_t i = 0; answer.ok() && i < answer.reply.size(); ++i) {
                       const auto function = parse_function(answer.reply[i].text());
                       if (function) functions.push_back(*function);
                     }
                     listed(std::move(functions));
                   });
}

std::optional<WallTime> RedisStore::oldest_ready(FunctionId function) const {
  const Line* const line = find_line(function);
  if (line == nullptr || line->ready() == 0) return std::nullopt;
  return line->oldest_in_stream;
}

std::optional<CallPosition> RedisStore::find(const CallId& id) const {
  const Held* const held = held_.find(id);
  if (held == nullptr) return std::nullopt;
  const bool waits = held->standing == Held::Standing::kReturned;
  CallPosition position;
  position.function = held->function;
  position.state = waits ? CallState::kEnqueued : CallState::kDequeued;
  position.accepted = held->head.accepted;
  position.due = held->head.first_due;
  position.retries = held->head.retries;
  if (waits) {
    const std::set<StreamId>& returned = find_line(held->function)->returned;
    const auto before = std::distance(returned.begin(), returned.lower_bound(held->place));
    position.ahead = static_cast<std::uint64_t>(before);
  }
  return position;
}

QueueCounts RedisStore::counts(FunctionId function) const {
  const Line* const line = find_line(function);
  return line == nullptr ? QueueCounts{} : line->counts();
}

QueueCounts RedisStore::counts() const {
  QueueCounts all;
  for (const auto& [function, line] : lines_) {
    const QueueCounts one = line->counts();
    all.accepted += one.accepted;
    all.ready += one.ready;
    all.delayed += one.delayed;
    all.claimed += one.claimed;
    all.settled += one.settled;
  }
  return all;
}

void RedisStore::ask_counts(const std::vector<FunctionId>& functions, std::function<void()> asked) {
  const auto done = std::make_shared<std::function<void()>>(std::move(asked));
  const auto left = std::make_shared<std::size_t>(functions.size());
  if (functions.empty()) return (*done)();
  for (const FunctionId function : functions) {
    Line& line = line_of(function);
    send(scripts().stand, call_of(scripts().stand, line.keys),
         [this, &line, done, left](const Answer& answer) {
           if (const auto stand = answer.ok() ? parse_stand(answer.reply) : std::nullopt) {
             heard(line, *stand);
           }
           if (--*left == 0) (*done)();
         });
  }
}

}  // namespace convoke::redis
