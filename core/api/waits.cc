#include "core/api/waits.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace convoke {

void Waits::add(Waiting waiting) {
  const CallId id = waiting.id;
  by_exchange_.emplace(waiting.exchange, id);
  const auto [at, fresh] = by_call_.emplace(id, std::make_unique<Entry>(*this, std::move(waiting)));
  ENSURE(fresh);
  Entry& entry = *at->second;
  wheel_.schedule(entry.limit, clock_.now() + entry.waiting.asked);
  if (look_) wheel_.schedule(entry.next_look, clock_.now() + entry.pause);
}

void Waits::look_at(Entry& entry) {
  entry.pause = std::min(2 * entry.pause, kLookLast);
  wheel_.schedule(entry.next_look, clock_.now() + entry.pause);
  look_(entry.waiting);
}

Waits::Waiting Waits::take(const CallId& id) {
  const auto found = by_call_.find(id);
  Waiting waiting = std::move(found->second->waiting);
  by_call_.erase(found);
  by_exchange_.erase(waiting.exchange);
  return waiting;
}

void Waits::forget(http::ExchangeId exchange) {
  const auto found = by_exchange_.find(exchange);
  if (found != by_exchange_.end()) (void)take(found->second);
}

void Waits::end_all() {
  std::vector<CallId> ids;
  for (const auto& [id, entry] : by_call_) ids.push_back(id);
  for (const CallId& id : ids) on_over(id);
}

void Waits::on_over(CallId id) { over_(take(id)); }

}  // namespace convoke
