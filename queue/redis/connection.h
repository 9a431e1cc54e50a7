// A pipelined connection to a Redis server, as Pipeline has it.
//
// Commands are executed, and replies come, in the order in which they were sent.
//
// Threads: one shard's; see Link for the world, and for destroying it in a callback.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "core/edge/timer_wheel.h"
#include "queue/redis/pipeline.h"

namespace convoke::redis {

class Connection final : public Pipeline, private LinkHandler {
 public:
  // Connects at once.
  Connection(const LinkWorld& world, LinkOptions options, const PipelineLimits& limits, Rng rng,
             ConnectionOwner& owner);
  ~Connection() override = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  [[nodiscard]] bool ready() const override { return link_.up(); }
  [[nodiscard]] bool full() const override;
  void send(const Command& command, Handler handler) override;
  [[nodiscard]] bool together() const override { return together_; }
  void send_together(const Transaction& commands, Handler handler) override;
  void flush() override;
  [[nodiscard]] bool idle() const override { return pending_.empty() && ended_.empty(); }
  [[nodiscard]] Address address() const override { return target().address; }

  [[nodiscard]] const Target& target() const { return link_.options().target; }
  [[nodiscard]] std::size_t pending() const { return pending_.size(); }  // commands not answered
  [[nodiscard]] std::size_t pending_bytes() const;

 private:
  struct Pending {
    Handler handler;
    std::uint64_t end;       // where it ends in all that was sent on this connection
    std::size_t before = 0;  // replies that come before its own
    bool begins = false;     // the next of them says whether MULTI was heard
  };
  struct Ended {
    Handler handler;
    Fate fate;
  };

  template <class Encoded>
  void take(const Encoded& what, std::size_t replies_before, Handler handler);

  void on_up() override;
  void on_reply(const Reply& reply) override;
  void on_down(const Error& why, std::size_t never_read) override;
  void tell_ended();

  const PipelineLimits limits_;
  TimerWheel& wheel_;
  ConnectionOwner& owner_;

  std::deque<Pending> pending_;
  std::string output_;          // of this turn
  std::size_t unflushed_ = 0;   // of `pending_`, in it
  std::size_t expected_ = 0;    // replies to it
  bool together_ = true;        // false: this user may not use MULTI
  std::uint64_t sent_ = 0;      // bytes, on this connection, output_ included
  std::uint64_t answered_ = 0;  // of those, bytes of commands whose replies have come
  std::vector<Ended> ended_;    // without a reply; told in the turn after the next flush()
  std::size_t ended_before_flush_ = 0;
  // What is being told now. Whoever tells holds it too, and stops when nobody else does.
  std::shared_ptr<std::vector<Ended>> telling_;
  Timer tell_ = timer_for<&Connection::tell_ended>(this);
  Link link_;
};

}  // namespace convoke::redis
