// A pipelined connection to a Redis server: commands go out together at the end of a turn, and each
// is answered once.
//
// Commands are executed, and replies come, in the order in which they were sent. Each handler runs
// exactly once, in a later turn than its send(); those still under way when the connection is
// destroyed are dropped.
//
// Threads: one shard's; see Link for the world, and for destroying it in a callback.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/edge/rng.h"
#include "core/edge/timer_wheel.h"
#include "queue/redis/command.h"
#include "queue/redis/link.h"
#include "queue/redis/reply.h"

namespace convoke::redis {

enum class Fate : std::uint8_t {
  kReplied,  // by the server, be it with an error
  kLost,     // sent, but the connection ended before the reply: it may have been executed or not
  kNotSent,  // not executed, and never will be: not ready(), full(), or cut off before it was read
};

struct Answer {
  Fate fate = Fate::kNotSent;
  Reply reply;  // nil unless kReplied; during the call only

  [[nodiscard]] bool ok() const { return fate == Fate::kReplied && !reply.is_error(); }
};

// Of what was sent and is not answered.
struct PipelineLimits {
  std::size_t commands_max = 65'536;
  std::size_t bytes_max = 64UL << 20;
};

class ConnectionOwner {
 public:
  virtual ~ConnectionOwner() = default;
  // Connected and authenticated: also each time that it is made anew. What the owner sends from
  // here goes before all that others send.
  virtual void on_ready() = 0;
  // It was ready and ended, or could not be made; with what to tell an operator. The handlers of
  // what was under way run afterwards. It tries again by itself, at most kBackOffMax later.
  virtual void on_lost(const Error& why) = 0;
};

class Connection final : private LinkHandler {
 public:
  using Handler = std::function<void(const Answer&)>;

  // Connects at once.
  Connection(const LinkWorld& world, LinkOptions options, const PipelineLimits& limits, Rng rng,
             ConnectionOwner& owner);
  ~Connection() override = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  [[nodiscard]] bool ready() const { return link_.up(); }
  // Another command would not be taken now; answers make room. The last one that was may go beyond
  // the limit of bytes.
  [[nodiscard]] bool full() const;
  // Unless ready() and not full(), its answer is kNotSent: who cannot wait for that, asks first.
  void send(const Command& command, Handler handler);
  // The end of a turn: what it sent leaves, in one write. The owner calls it at the end of every
  // turn, also of one that sent nothing.
  void flush();

  [[nodiscard]] std::size_t pending() const { return pending_.size(); }  // commands not answered
  [[nodiscard]] bool idle() const { return pending_.empty() && ended_.empty(); }  // all was told
  [[nodiscard]] std::size_t pending_bytes() const;

 private:
  struct Pending {
    Handler handler;
    std::uint64_t end;  // where it ends in all that was sent on this connection
  };
  struct Ended {
    Handler handler;
    Fate fate;
  };

  void on_up() override;
  void on_reply(const Reply& reply) override;
  void on_down(const Error& why, std::size_t never_read) override;
  void tell_ended();

  const PipelineLimits limits_;
  TimerWheel& wheel_;
  ConnectionOwner& owner_;

  std::deque<Pending> pending_;
  std::string output_;          // of this turn
  std::size_t unflushed_ = 0;   // commands in it
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
