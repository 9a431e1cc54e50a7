// Records that are too old, or too many, go.
#include <memory>
#include <utility>

#include "queue/redis/archive.h"
#include "queue/redis/scripts.h"

namespace convoke::redis {
namespace {

constexpr int kCollectedAtOnce = 200;         // records, by one call of the script
constexpr std::size_t kFunctionsAtOnce = 50;  // asked by one round of commands

}  // namespace

void RedisArchive::collect(WallTime now) {
  if (collecting_ || !reading_.connection.ready()) return;
  collecting_ = true;
  Command mine("SET");
  mine.arg(SharedKeys(reading_.prefix).collected).arg(1);
  mine.arg("NX").arg("EX").arg(kCollectEvery.count() - 5);
  ask(reading_, mine, [this, now](const Result<Texts>& told) {
    collecting_ = told && !told->empty() && told->front() == "OK";
    if (!collecting_) return;
    read_functions(reading_, [this, now](Result<std::vector<FunctionId>> functions) {
      collecting_ = functions.ok();
      if (functions) collect_from(worth_asking(*functions), now);
    });
  });
}

// Each until nothing of it is left to remove.
void RedisArchive::collect_from(std::vector<FunctionId> functions, WallTime now) {
  if (functions.empty()) {
    collecting_ = false;
    return;
  }
  const std::size_t count = std::min(functions.size(), kFunctionsAtOnce);
  const std::vector<FunctionId> some(functions.end() - static_cast<std::ptrdiff_t>(count),
                                     functions.end());
  functions.resize(functions.size() - count);
  const auto left = std::make_shared<std::vector<FunctionId>>(std::move(functions));
  const auto to_hear = std::make_shared<std::size_t>(count);
  for (const FunctionId function : some) {
    collect_of(function, now, [this, left, to_hear, function, now](bool more) {
      if (more) left->push_back(function);
      if (--*to_hear == 0) collect_from(std::move(*left), now);
    });
  }
}

std::vector<FunctionId> RedisArchive::worth_asking(const std::vector<FunctionId>& functions) {
  std::vector<FunctionId> asked;
  for (const FunctionId function : functions) {
    const auto quiet = quiet_.find(function);
    if (quiet == quiet_.end()) {
      asked.push_back(function);
    } else if (--quiet->second <= 0) {
      quiet_.erase(quiet);
    }
  }
  return asked;
}

void RedisArchive::collect_of(FunctionId function, WallTime now,
                              std::function<void(bool more)> collected) {
  const FunctionKeys keys(reading_.prefix, function);
  const auto on_counted = [this, function, now,
                           collected = std::move(collected)](const redis::Answer& count) {
    if (!count.ok()) return collected(false);
    if (count.reply.integer() == 0) {
      quiet_[function] = kQuietRounds;
      return collected(false);
    }
    Command command = call_with_history(scripts().collect, FunctionKeys(reading_.prefix, function));
    command.arg(to_ms(now - retention_.after_end)).arg(retention_.records_max);
    command.arg(retention_.bytes_max).arg(kCollectedAtOnce);
    send_call(reading_.connection, scripts().collect, std::move(command),
              [collected](const redis::Answer& told) {
                collected(told.ok() && told.reply[2].integer() == 1);
              });
  };
  reading_.connection.send(Command("ZCARD").arg(keys.history()[FunctionKeys::kOver]), on_counted);
}

}  // namespace convoke::redis
