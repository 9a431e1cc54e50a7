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
      if (functions) collect_from(*std::move(functions), now);
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
    Command command = call_with_history(scripts().collect, FunctionKeys(reading_.prefix, function));
    command.arg(to_ms(now - retention_.after_end)).arg(retention_.records_max);
    command.arg(retention_.bytes_max).arg(kCollectedAtOnce);
    send_call(reading_.connection, scripts().collect, std::move(command),
              [this, left, to_hear, function, now](const redis::Answer& told) {
                if (told.ok() && told.reply[2].integer() == 1) left->push_back(function);
                if (--*to_hear == 0) collect_from(std::move(*left), now);
              });
  }
}

}  // namespace convoke::redis
