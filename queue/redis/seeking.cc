// How the store on Redis looks for one call, and stops one that waits.
#include <algorithm>
#include <memory>
#include <utility>

#include "queue/redis/bytes.h"
#include "queue/redis/record.h"
#include "queue/redis/scripts.h"
#include "queue/redis/store.h"

namespace convoke::redis {
namespace {

constexpr int kSeekStep = 500;  // entries, a call: a search must not hold up the server

}  // namespace

struct RedisStore::Seeking {
  FunctionId function;
  CallId id;
  Found found;               // one of these two
  Stopped stopped;           // is asked for
  bool whole = true;         // else no further than anybody counts
  std::uint64_t passed = 0;  // entries of the stream
};

bool RedisStore::holds(const CallId& id) const {
  const Held* const held = held_.find(id);
  return held != nullptr && held->standing == Held::Standing::kClaimed;
}

void RedisStore::stop(FunctionId function, const CallId& id, Stopped stopped) {
  if (Held* const held = held_.find(id)) put_back(*held);
  if (holds(id)) {
    note_stopping(id);
    return answers_.later(StopAnswer{std::move(stopped), StopResult::kUnderWay});
  }
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
  note_stopping(id);
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

void RedisStore::seek_place(FunctionId function, const CallId& id, Found found) {
  auto seeking = std::make_shared<Seeking>(Seeking{function, id, std::move(found), nullptr});
  seeking->whole = false;
  seek(std::move(seeking), "q", "-");
}

void RedisStore::seek(std::shared_ptr<Seeking> seeking, const std::string& where,
                      const std::string& from) {
  Line& line = line_of(seeking->function);
  submit_finishes(line);
  Command command = call_with_history(scripts().seek, line.keys);
  command.arg(bytes_of(seeking->id)).arg(where).arg(from);
  command.arg(kSeekStep).arg(seeking->stopped ? "stop" : "find");
  if (seeking->stopped) {
    command.arg(encode_attempt(CallState::kStopped, clock_.wall(), {}));
  } else {
    command.arg(seeking->passed);
  }
  send(scripts().seek, std::move(command),
       [this, seeking = std::move(seeking)](const Answer& answer) { on_sought(seeking, answer); });
}

void RedisStore::seek_on(const std::shared_ptr<Seeking>& seeking, const Reply& reply) {
  const std::string where(reply[1].text());
  const auto before = static_cast<std::uint64_t>(reply[3].integer().value_or(0));
  if (!seeking->whole && where == "d") return seeking->found(std::nullopt);
  if (!seeking->whole && before > kAheadMax) {
    CallPosition position;
    position.function = seeking->function;
    position.ahead = before;
    return seeking->found(position);
  }
  seeking->passed += kSeekStep;
  seek(seeking, where, std::string(reply[2].text()));
}

void RedisStore::on_sought(const std::shared_ptr<Seeking>& seeking, const Answer& answer) {
  const Reply& reply = answer.reply;
  const std::string_view what = answer.ok() ? reply[0].text() : "";
  if (what == "on") return seek_on(seeking, reply);
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
  const std::int64_t ahead = reply[4].integer().value_or(-1);
  const std::size_t returned = line_of(seeking->function).returned.size();
  if (ahead >= 0) {
    position.ahead = std::min(static_cast<std::uint64_t>(ahead) + returned, kAheadMax + 1);
  }
  seeking->found(position);
}

}  // namespace convoke::redis
