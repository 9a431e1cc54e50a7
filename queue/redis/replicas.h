// Asks, before calls are acknowledged, whether enough replicas have them (`--durability
// replicas:N`): a connection of its own, since WAIT holds up the one it comes over.
//
//     open --> what a turn sends, and WAIT behind it --> waiting --> enough: open
//                                                                --> too few: shut
//     shut --> WAIT, once in kAskAgainEvery --> enough: open
//
// One WAIT at a time: what comes meanwhile goes with the next one, so that nothing waits for longer
// than two. While it is shut nothing is written, so nothing is taken that could not be
// acknowledged; before the first answer, and while the server is not there, it is shut too.
//
// Threads: one shard's. The world and the owner outlive it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "queue/redis/connection.h"

namespace convoke::redis {

// For replicas to say that they have it. Less than the patience with a silent server, always.
inline constexpr Duration kReplicasWaitMax = Millis{2'000};
inline constexpr Duration kAskAgainEvery = Millis{1'000};

class ReplicasOwner {
 public:
  virtual ~ReplicasOwner() = default;
  // So many replicas have all that was sent before, each of whose handlers has run; nullopt: nobody
  // said.
  virtual void on_replicated(std::optional<std::uint64_t> replicas) = 0;
  // It is shut: trouble() is new.
  virtual void on_shut(const Error& why) = 0;
};

class Replicas final : private ConnectionOwner {
 public:
  // Connects at once.
  Replicas(std::uint8_t wanted, const LinkWorld& world, const LinkOptions& link,
           const PipelineLimits& limits, Rng rng, ReplicasOwner& owner);

  [[nodiscard]] std::uint8_t wanted() const { return wanted_; }
  // Why it is shut; nullopt: open, or waiting.
  [[nodiscard]] const std::optional<Error>& trouble() const { return trouble_; }
  [[nodiscard]] bool has_answered() const { return has_answered_; }  // once, at least
  // send() would be taken now.
  [[nodiscard]] bool open() const;
  void send(const Command& command, Connection::Handler handler);
  // The end of a turn: what it sent leaves, and WAIT behind it.
  void flush();
  [[nodiscard]] bool idle() const { return connection_.idle(); }

 private:
  void on_ready() override { ask(); }
  void on_lost(const Error& why) override;
  void ask();
  void on_answer(const Answer& answer);
  void shut(Error why);

  const std::uint8_t wanted_;
  const PipelineLimits limits_;
  const Duration wait_max_;
  const Clock& clock_;
  TimerWheel& wheel_;
  ReplicasOwner& owner_;
  bool has_answered_ = false;
  bool waiting_ = false;  // for the answer to a WAIT
  bool sent_ = false;     // in this turn
  std::optional<Error> trouble_;
  Timer ask_again_ = timer_for<&Replicas::ask>(this);
  Connection connection_;
};

}  // namespace convoke::redis
