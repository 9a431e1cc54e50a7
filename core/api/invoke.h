// POST .../invocations: from an admitted request to its answer.
//
// Synchronous calls go to the dispatcher and are answered with their outcome. Asynchronous ones go
// to the store and are answered 202 when it says that they are durable.
//
// A synchronous caller that goes away: while its call still waits in line, the call is dropped and
// never starts; once it has started it runs to its end, since a function cannot be interrupted
// without taking its instance away, and the answer is dropped.
//
// Threads: one shard's.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/dispatch/call.h"
#include "core/dispatch/dispatcher.h"
#include "core/edge/clock.h"
#include "core/guard/admission.h"
#include "core/http/message.h"
#include "core/http/server.h"
#include "core/registry/directory.h"
#include "queue/queue.h"

namespace convoke {

// What the path said.
struct InvocationTarget {
  std::string service;
  std::string qualifier;  // empty: none
  std::string function;
};

class Invoker final : public CallOwner {
 public:
  using Respond = std::function<void(http::ExchangeId, http::Response)>;

  Invoker(ShardIndex self, const Clock& clock, const Directory& directory, Dispatcher& dispatcher,
          Queue& queue, Respond respond);

  // Bytes of event that this request may bring, by its headers.
  [[nodiscard]] static Result<std::size_t> event_bytes_max(const http::Headers& headers);

  // Answers `exchange` exactly once, now or later, unless its client goes.
  void invoke(http::ExchangeId exchange, const CallId& id, const InvocationTarget& target,
              http::Request request);
  void client_gone(http::ExchangeId exchange);

  // Calls whose answer is owed.
  [[nodiscard]] std::size_t calls_open() const { return running_ + accepting_; }

  void on_finished(CallPtr call, Outcome outcome) override;

 private:
  struct Waiting {
    CallId id;
    FunctionId function;
  };
  struct HashExchange {
    std::size_t operator()(const http::ExchangeId& exchange) const noexcept {
      return (std::size_t{exchange.connection} << 32) ^ exchange.request;
    }
  };

  void invoke_sync(http::ExchangeId exchange, const CallId& id, const FunctionPtr& function,
                   const InvocationTarget& target, const InvocationOrder& order, std::string event);
  void invoke_async(http::ExchangeId exchange, const CallId& id, const FunctionPtr& function,
                    const InvocationTarget& target, InvocationOrder order, std::string event);

  const ShardIndex self_;
  const Clock& clock_;
  const Directory& directory_;
  Dispatcher& dispatcher_;
  Queue& queue_;
  const Respond respond_;
  std::unordered_map<http::ExchangeId, Waiting, HashExchange> waiting_;  // clients of sync calls
  std::size_t running_ = 0;    // synchronous, in line or started, whether or not its client waits
  std::size_t accepting_ = 0;  // asynchronous, not yet durable
};

// The answer to a synchronous call. Pure.
[[nodiscard]] http::Response answer_of(const Call& call, Outcome outcome);

}  // namespace convoke
