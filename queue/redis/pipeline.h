// Where commands go: to one server (connection.h), or to the masters of a cluster (cluster.h).
//
// Commands go out together at the end of a turn, and each is answered once. Each handler runs
// exactly once, in a later turn than its send(); those still under way when the pipeline is
// destroyed are dropped.
//
// One server executes commands, and answers, in the order in which they were sent. A cluster does
// not, not even for one key: so whoever needs one command to be executed after another waits for
// the first one's answer. What holds for both: of one key, answers are told in the order in which
// their commands were executed.
//
// Threads: one shard's; see Link for the world, and for destroying it in a callback.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "core/edge/rng.h"
#include "core/model/error.h"
#include "queue/redis/command.h"
#include "queue/redis/link.h"
#include "queue/redis/reply.h"
#include "queue/redis/transaction.h"

namespace convoke::redis {

class Connection;

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

// Of what was sent to one server and is not answered.
struct PipelineLimits {
  std::size_t commands_max = 65'536;
  std::size_t bytes_max = 64UL << 20;
};

class ConnectionOwner {
 public:
  virtual ~ConnectionOwner() = default;
  // A server is connected and authenticated, for the first time or again; in a cluster, one of its
  // masters. What the owner sends to it from here goes before all that others send there. It is
  // there at least until on_gone(), and not to be destroyed from here.
  virtual void on_server(Connection& /*server*/) {}
  // That server is none of the cluster's masters any more. Not to be destroyed from here.
  virtual void on_gone(const Connection& /*server*/) {}
  // All servers are there: also each time that this is so again. What the owner sends from here
  // goes before all that others send.
  virtual void on_ready() = 0;
  // A server was there and is not, or could not be reached; with what to tell an operator. The
  // handlers of what was under way there run afterwards. It is sought by itself, again at most
  // kBackOffMax later.
  virtual void on_lost(const Error& why) = 0;
};

class Pipeline {
 public:
  using Handler = std::function<void(const Answer&)>;

  virtual ~Pipeline() = default;
  [[nodiscard]] virtual bool ready() const = 0;
  // Another command would not be taken now; answers make room. The last one that was may go beyond
  // the limit of bytes.
  [[nodiscard]] virtual bool full() const = 0;
  // Unless ready() and not full(), its answer is kNotSent: who cannot wait for that, asks first.
  virtual void send(const Command& command, Handler handler) = 0;
  // Whether send_together() may be called: not in a cluster, which redirects single commands.
  [[nodiscard]] virtual bool together() const { return false; }
  // The same for all of them, with one answer. It is kLost only where all may have been executed.
  virtual void send_together(const Transaction& /*commands*/, Handler /*handler*/) {
    ENSURE(together());
  }
  // The end of a turn: what it sent leaves, in one write to each server. The owner calls it at the
  // end of every turn, also of one that sent nothing.
  virtual void flush() = 0;
  [[nodiscard]] virtual bool idle() const = 0;  // all was told
  // Of a server that is there, if any is: for whoever connects besides (a subscription).
  [[nodiscard]] virtual Address address() const = 0;
};

// To the target's server, or to the cluster of which it is a node. Connects at once.
[[nodiscard]] std::unique_ptr<Pipeline> connect(const LinkWorld& world, LinkOptions options,
                                                const PipelineLimits& limits, Rng rng,
                                                ConnectionOwner& owner);

}  // namespace convoke::redis
