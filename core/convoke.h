// Convoke, embedded: an engine in your process.
//
//   convoke::EngineOptions options;
//   options.launcher_program = "/usr/lib/convoke/convoke-launcher";
//   auto engine = convoke::Engine::start(std::move(options));
//   if (!engine) return fail(engine.error().message);
//   ...                                   // serves on its own threads
//   (*engine)->request({{"POST", "/2016-08-15/services/s/functions/f/invocations", {}}, "event"},
//                      [](convoke::http::Response answer) { ... });
//   (*engine)->drain(convoke::Seconds{30});
//
// Threads: start, drain and the destructor belong to one thread of yours, which is free in between;
// request() may be called on any, until the destructor is.
// An engine makes its own threads; it installs no signal handler, and expects SIGPIPE ignored.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "core/config.h"
#include "core/edge/owned_fd.h"
#include "core/edge/wires.h"
#include "core/http/message.h"
#include "core/model/error.h"
#include "core/model/instant.h"
#include "core/queue_check.h"
#include "core/state_check.h"

namespace convoke {

class Engine {
 public:
  // Returns when the engine serves. Errors name what is wrong for an operator: the state directory
  // in use by another engine (with its pid), an address that cannot be had, a damaged store.
  // `sockets`: those to listen with, handed over by a predecessor or an init system; they must
  // listen at options.listen. None: it opens its own.
  [[nodiscard]] static Result<std::unique_ptr<Engine>> start(EngineOptions options,
                                                             std::vector<OwnedFd> sockets = {});
  // Whether start() could be tried, and on what: as far as that can be told by looking, also while
  // another engine serves from the same state directory (state_check.h).
  [[nodiscard]] static Result<StateSeen> check(const EngineOptions& options,
                                               std::vector<OwnedFd> sockets = {});
  // What stands against what is promised of calls on options.queue: queue_check.h.
  [[nodiscard]] static Result<std::vector<QueueFinding>> check_queue(const EngineOptions& options);
  ~Engine();  // at once: what runs is cut; what was accepted stays in the store
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Where asynchronous calls wait, as EngineOptions::queue but for its password; "": embedded.
  [[nodiscard]] std::string queue() const;
  [[nodiscard]] Address address() const;  // with the port that was given
  [[nodiscard]] std::uint16_t shards() const;

  // The same as a request over HTTP, without a socket, a signature or a Host: an invocation, a
  // deployment, a look at a call. `answered` runs exactly once, on a thread of the engine that
  // must not be held up, or on the destructor's (503). False: the engine is being destroyed, or has
  // too many unanswered (core/own_requests.h); then it never runs.
  [[nodiscard]] bool request(http::Request request, std::function<void(http::Response)> answered);

  // What was cut when the grace ended: callers who got 503, and accepted calls that will run again.
  struct Cut {
    std::size_t calls = 0;
  };
  // Accepts no more, finishes what runs for up to `grace`, then cuts the rest. Once. Connections
  // that nobody has accepted are answered too, or left to who holds share_sockets().
  Cut drain(Duration grace, Unaccepted unaccepted = Unaccepted::kAnswer);

  // Its listening sockets, the caller's to keep open: connections then wait in them, whatever
  // becomes of this engine, until another one is started with them. Before drain().
  [[nodiscard]] Result<std::vector<OwnedFd>> share_sockets() const;

 private:
  struct Parts;
  explicit Engine(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace convoke
