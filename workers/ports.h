// Ports for instances on loopback: each held by one instance of the engine at a time.
//
// They lie outside the range from which the kernel takes ports for outgoing connections, or such a
// connection could sit on a port between the moment it is chosen and the moment a bootstrap binds
// it.
//
// Threads: one PortPool for all shards of an engine; a mutex inside (taken once per start of an
// instance). A lease may be given back on any thread. The pool outlives its leases.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "core/edge/rng.h"

namespace convoke {

struct PortRange {
  std::uint16_t first = 0;  // both included
  std::uint16_t last = 0;
  [[nodiscard]] std::size_t size() const { return std::size_t{last} - first + 1; }
  friend bool operator==(const PortRange&, const PortRange&) = default;
};

// The larger of what lies below and above the range of ephemeral ports, never below kPortMin.
// nullopt: it leaves no room for kPortsMin.
inline constexpr std::uint16_t kPortMin = 10'000;  // below are the ports of well-known servers
inline constexpr std::size_t kPortsMin = 300;      // as many as an account may have instances
[[nodiscard]] std::optional<PortRange> ports_outside(PortRange ephemeral);

class PortPool;

// Holds one port; gives it back when it goes.
class PortLease {
 public:
  PortLease() = default;
  PortLease(PortLease&& other) noexcept
      : pool_(std::exchange(other.pool_, nullptr)), port_(std::exchange(other.port_, 0)) {}
  PortLease& operator=(PortLease&& other) noexcept;
  PortLease(const PortLease&) = delete;
  PortLease& operator=(const PortLease&) = delete;
  ~PortLease() { give_back(); }

  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  friend class PortPool;
  PortLease(PortPool* pool, std::uint16_t port) : pool_(pool), port_(port) {}
  void give_back();

  PortPool* pool_ = nullptr;
  std::uint16_t port_ = 0;
};

class PortPool {
 public:
  // Begins at a random place, so that two engines on one machine seldom meet.
  PortPool(PortRange range, Rng& rng);
  PortPool(const PortPool&) = delete;
  PortPool& operator=(const PortPool&) = delete;

  // Goes round, so that a port that was given back is the last to be used again. nullopt: all held.
  [[nodiscard]] std::optional<PortLease> take();
  [[nodiscard]] std::size_t held() const;

 private:
  friend class PortLease;
  void give_back(std::uint16_t port);

  const PortRange range_;
  mutable std::mutex mutex_;
  std::vector<bool> taken_;
  std::size_t next_;
  std::size_t held_ = 0;
};

}  // namespace convoke
