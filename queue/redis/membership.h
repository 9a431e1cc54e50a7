// An engine among others: gets an incarnation, says that it lives, and buries those that have
// fallen silent, so that their calls are ready again.
//
//     down --> entering --> in --> lost (retired by others, or silent for a whole lease) -->
//     entering
//
// One is taken for dead when two heartbeats of ours in a row found it silent, so that a server that
// stood still buries nobody. It is condemned first, if it is silent still: from then on the server
// refuses its heartbeats, so it does not begin what others take over. Then its functions are
// retired one after the other, and only then is it forgotten: a burial that is interrupted is
// finished by whoever sees it next.
//
// Shard thread only; the connection and the world outlive it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/edge/clock.h"
#include "core/edge/timer_wheel.h"
#include "queue/redis/keys.h"
#include "queue/redis/lease.h"
#include "queue/redis/pipeline.h"
#include "queue/redis/stand.h"

namespace convoke::redis {

class MembershipOwner {
 public:
  virtual ~MembershipOwner() = default;
  // With a new incarnation, and a lease.
  virtual void on_entered() = 0;
  // What it held is not ours any more. Enters anew by itself.
  virtual void on_lease_lost(const std::string& why) = 0;
  // The lease holds on.
  virtual void on_renewed() = 0;
  // What a dead one held of that function is ready again.
  virtual void on_retired(FunctionId function, const Stand& stand) = 0;
};

struct MembershipOptions {
  std::string prefix;
  Duration lease = kLeaseDefault;
  Duration silence_max = dead_after(kLeaseDefault);  // of others; see dead_after()
  // Incarnations that are no more for certain, as that of this shard's last life.
  std::vector<std::uint64_t> predecessors;
  // Where counting begins on a server that has counted none: drawn, so that a number which was
  // remembered from another server, or from before its data were lost, is nobody's.
  std::uint64_t first_incarnation = 0;
};

class Membership {
 public:
  Membership(MembershipOptions options, const Clock& clock, TimerWheel& wheel,
             MembershipOwner& owner);

  void use(Pipeline& connection) { connection_ = &connection; }  // once
  void on_connected();  // the connection is ready, for the first time or again
  // Others have said so, or the server: all that we hold is void.
  void lose(const std::string& why);

  [[nodiscard]] bool in() const { return incarnation_ != 0; }
  [[nodiscard]] bool holds_lease() const { return in() && holds(lease_, clock_.now()); }
  [[nodiscard]] Instant lease_until() const { return lease_.until; }
  [[nodiscard]] std::uint64_t incarnation() const { return incarnation_; }  // 0: not in
  // Retires whoever has a lease on the function and is buried: a command of its may have come late.
  void look_for_left_over(FunctionId function);
  // To be remembered before anything is done to the function: who buries us looks there.
  [[nodiscard]] Command note_function(FunctionId function) const;

 private:
  void enter();
  void on_incarnation(const Answer& answer);
  void beat();
  void on_beaten(std::uint64_t who, Instant sent, const Answer& answer);
  void look_at_silent(const Reply& silent);
  void on_time();
  void bury(std::uint64_t dead, Duration silence);
  void look_for_functions(std::uint64_t dead);
  void retire(std::uint64_t dead, const Reply& functions);
  void retire(std::uint64_t dead, FunctionId function, std::function<void()> retired);
  void look_for_left_over(FunctionId function, const std::set<std::uint64_t>& leases);
  void on_all_retired(std::uint64_t dead);
  void forget(std::uint64_t dead);

  const MembershipOptions options_;
  const SharedKeys keys_;
  const Clock& clock_;
  TimerWheel& wheel_;
  MembershipOwner& owner_;
  Pipeline* connection_ = nullptr;
  std::uint64_t incarnation_ = 0;
  bool entering_ = false;
  Lease lease_;
  std::set<std::uint64_t> silent_;  // at the last heartbeat
  // Not yet forgotten by the server; for how long each must be silent (0: it is dead for certain).
  std::map<std::uint64_t, Duration> to_bury_;
  Timer timer_ = timer_for<&Membership::on_time>(this);
};

}  // namespace convoke::redis
