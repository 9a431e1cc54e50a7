#include "core/dispatch/expiry.h"

#include <algorithm>

namespace convoke {

void Expiry::on_ready(FunctionId function) {
  if (waiting_.insert(function).second) look_within(kLookAtOnce);
}

void Expiry::on_expired(FunctionId function) {
  if (asked_.erase(function) > 0) look_within(Duration{});
}

void Expiry::look_within(Duration wait) {
  const Instant at = clock_.now() + wait;
  if (next_look_.scheduled() && look_at_ <= at) return;
  look_at_ = at;
  wheel_.schedule(next_look_, at);
}

void Expiry::look() {
  const WallTime now = clock_.wall();
  WallTime next = now + kLookEvery;
  for (auto at = waiting_.begin(); at != waiting_.end();) {
    const FunctionId function = *at;
    const auto ages_out = hooks_.ages_out(function);
    if (!ages_out) {
      asked_.erase(function);
      at = waiting_.erase(at);
      continue;
    }
    ++at;
    if (*ages_out >= now) {
      next = std::min(next, *ages_out + Millis{1});
      continue;
    }
    const auto [asked, fresh] = asked_.try_emplace(function, now);
    if (!fresh && now - asked->second < kLookEvery) continue;
    asked->second = now;
    hooks_.overdue(function);
  }
  if (!waiting_.empty()) look_within(next - now);
}

}  // namespace convoke
