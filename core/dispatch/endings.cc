#include "core/dispatch/endings.h"

#include <algorithm>

namespace convoke {

void Endings::add(const Host& host, std::uint32_t calls) {
  if (hosts_.insert(&host).second) calls_ += calls;
}

void Endings::on_gone(const Host& host) {
  if (hosts_.erase(&host) == 0) return;
  for (Waiting& one : waiting_) one.hosts.erase(&host);
  tell();
}

void Endings::when_over(Over over) {
  const std::uint32_t calls = std::exchange(calls_, 0);
  if (hosts_.empty()) return over(calls);
  waiting_.emplace_back(*this, hosts_, calls, std::move(over));
  wheel_.schedule(waiting_.back().patience, clock_.now() + kEndingMax);
}

void Endings::tell() {
  std::list<Waiting> told;
  for (auto at = waiting_.begin(); at != waiting_.end();) {
    const auto one = at++;
    if (one->hosts.empty()) told.splice(told.end(), waiting_, one);
  }
  for (const Waiting& one : told) one.over(one.calls);
}

}  // namespace convoke
