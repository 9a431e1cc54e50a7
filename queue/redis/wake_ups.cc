#include "queue/redis/wake_ups.h"

#include <algorithm>
#include <utility>

namespace convoke::redis {

WakeUps::WakeUps(const std::string& prefix, const Clock& clock, TimerWheel& wheel,
                 Pipeline& connection, WakeUpsOwner& owner)
    : keys_(prefix), clock_(clock), wheel_(wheel), connection_(connection), owner_(owner) {}

// ---- crying out ----

void WakeUps::on_ready(FunctionId function) {
  const Instant now = clock_.now();
  unclaimed_.try_emplace(function, now);
  const Instant due = now + kPatience;
  if (!cry_.scheduled() || due < cry_.due()) wheel_.schedule(cry_, due);
}

// Where calls are taken at once, a timer that went on would wake the loop for each.
void WakeUps::on_claim(FunctionId function) {
  unclaimed_.erase(function);
  if (unclaimed_.empty()) cry_.cancel();
}

void WakeUps::on_empty(FunctionId function) {
  on_claim(function);
  if (cried_.erase(function) == 0) return;
  connection_.send(Command("ZREM").arg(keys_.waiting).arg(function.value), [](const Answer&) {});
}

void WakeUps::cry_out() {
  const Instant now = clock_.now();
  std::optional<Instant> next;
  for (auto at = unclaimed_.begin(); at != unclaimed_.end();) {
    const auto cried = cried_.find(at->first);
    Instant due = at->second + kPatience;
    if (cried != cried_.end()) due = std::max(due, cried->second + kCryEvery);
    if (due > now) {
      next = std::min(next.value_or(due), due);
      ++at;
      continue;
    }
    cried_[at->first] = now;
    connection_.send(Command("ZADD").arg(keys_.waiting).arg(1).arg(at->first.value),
                     [](const Answer&) {});
    connection_.send(Command("PUBLISH").arg(keys_.ready).arg(at->first.value),
                     [](const Answer&) {});
    at = unclaimed_.erase(at);
  }
  if (next) wheel_.schedule(cry_, *next);
}

// ---- hearing ----

void WakeUps::on_message(std::string_view payload) {
  if (const auto function = parse_function(payload)) owner_.on_waiting(*function);
}

void WakeUps::poll() {
  wheel_.schedule(poll_, clock_.now() + kPollEvery);
  if (!connection_.ready()) return;
  connection_.send(Command("ZRANGE").arg(keys_.waiting).arg(0).arg(-1),
                   [this](const Answer& answer) {
                     if (!answer.ok()) return;
                     for (std::size_t i = 0; i < answer.reply.size(); ++i) {
                       const auto function = parse_function(answer.reply[i].text());
                       if (!function) continue;
                       cried_.try_emplace(*function, Instant{});
                       owner_.on_waiting(*function);
                     }
                   });
}

}  // namespace convoke::redis
