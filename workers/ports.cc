#include "workers/ports.h"

#include <algorithm>

#include "core/model/error.h"

namespace convoke {

std::optional<PortRange> ports_outside(PortRange ephemeral) {
  constexpr std::uint16_t kPortMax = 65'535;
  const std::size_t below = ephemeral.first > kPortMin ? ephemeral.first - kPortMin : 0;
  const std::size_t above = kPortMax - std::max(ephemeral.last, kPortMin);
  if (std::max(below, above) < kPortsMin) return std::nullopt;
  if (below >= above) {
    return PortRange{kPortMin, static_cast<std::uint16_t>(ephemeral.first - 1)};
  }
  return PortRange{static_cast<std::uint16_t>(std::max(ephemeral.last, kPortMin) + 1), kPortMax};
}

PortLease& PortLease::operator=(PortLease&& other) noexcept {
  if (this != &other) {
    give_back();
    pool_ = std::exchange(other.pool_, nullptr);
    port_ = std::exchange(other.port_, 0);
  }
  return *this;
}

void PortLease::give_back() {
  if (pool_ != nullptr) std::exchange(pool_, nullptr)->give_back(port_);
}

PortPool::PortPool(PortRange range, Rng& rng)
    : range_(range), taken_(range.size(), false), next_(rng.below(range.size())) {}

std::optional<PortLease> PortPool::take() {
  const std::lock_guard lock(mutex_);
  for (std::size_t tried = 0; tried < taken_.size(); ++tried) {
    const std::size_t at = next_;
    next_ = (next_ + 1) % taken_.size();
    if (taken_[at]) continue;
    taken_[at] = true;
    ++held_;
    return PortLease(this, static_cast<std::uint16_t>(range_.first + at));
  }
  return std::nullopt;
}

std::size_t PortPool::held() const {
  const std::lock_guard lock(mutex_);
  return held_;
}

void PortPool::give_back(std::uint16_t port) {
  const std::lock_guard lock(mutex_);
  const std::size_t at = static_cast<std::size_t>(port - range_.first);
  ENSURE(taken_[at]);
  taken_[at] = false;
  --held_;
}

}  // namespace convoke
