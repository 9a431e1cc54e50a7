// An engine among those that share a registry: says that it lives and what it has applied, asks how
// far the others are, and holds the lease under which it may start calls.
//
// The lease is what makes a kill switch's answer true. Whoever sets one waits until every engine
// that may hold a lease has applied it: one that has beaten within dead_after() by the server's
// clock, and not been silent for a lease by this engine's (silence.h). An engine that holds no
// lease gets one only when all its shards have applied all that there is; and a lease ends, by the
// engine's own clock, before others take it for over.
//
// One that has lacked a change for a third of its lease (code that it cannot fetch, a shard that
// stands still) only asks, so that others do not wait for it, and lets its lease run out.
//
// First shard's thread only; callbacks are made from answers, never from inside a call.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/registry/shared/feed.h"
#include "core/registry/shared/keys.h"
#include "core/registry/shared/server.h"
#include "core/registry/shared/silence.h"
#include "core/registry/source.h"
#include "queue/redis/lease.h"

namespace convoke::shared_registry {

class HeartOwner {
 public:
  virtual ~HeartOwner() = default;
  virtual void on_renewed(Instant until) = 0;
  // Every engine that may hold a lease has applied all up to there.
  virtual void on_all_applied(std::uint64_t version) = 0;
};

class Heart {
 public:
  struct Options {
    std::string engine;  // a name that no other has, nor had
    Duration lease = redis::kLeaseDefault;
  };
  // `applied`: by all shards, at start.
  Heart(Options options, const Keys& keys, Server& server, Feed& feed, const Clock& clock,
        TimerWheel& wheel, std::uint64_t applied, HeartOwner& owner);

  void beat();  // now, besides every beat_every()
  // Who has fallen silent? For whoever waits for others, asked again and again.
  void look();
  void on_applied(std::uint64_t version);
  // Gives the lease back for good, and tells the others; `left` runs when they know, or at once
  // without the server.
  void leave(std::function<void()> left);
  // As RegistrySource has it: of those that may hold a lease.
  void who_has_what(RegistrySource::Asked asked);
  [[nodiscard]] std::uint64_t applied() const { return applied_; }

 private:
  static constexpr Seconds kBeatMax{1};  // so long a lost message may go unnoticed

  void on_time();
  [[nodiscard]] bool takes_part() const { return !has_left_ && !is_behind(); }
  void on_beaten(Instant sent, bool took_part, const redis::Answer& answer);
  void note_lack(std::uint64_t there);
  [[nodiscard]] bool is_behind() const;
  // Those that may hold a lease; nullopt: the server did not say.
  using Asked = std::function<void(const std::optional<std::vector<Beating>>&)>;
  void ask_engines(Asked asked);

  const Options options_;
  const Keys& keys_;
  Server& server_;
  Feed& feed_;
  const Clock& clock_;
  TimerWheel& wheel_;
  HeartOwner& owner_;
  std::uint64_t applied_;
  bool has_left_ = false;
  struct Lack {
    std::uint64_t version;
    Instant since;
  };
  std::optional<Lack> lack_;  // of what the server was first seen to have and is not applied
  redis::Lease lease_;
  Silence silence_;
  Timer timer_ = timer_for<&Heart::on_time>(this);
};

}  // namespace convoke::shared_registry
