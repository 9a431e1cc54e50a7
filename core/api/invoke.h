// POST .../invocations, and requests through HTTP triggers: from an admitted request to its answer.
//
// Synchronous calls go to the dispatcher and are answered with their outcome. Asynchronous ones go
// to the store and are answered 202 when it says that they are durable; with `Prefer: wait=N` the
// answer waits for the call's end, for N seconds at most.
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
#include <unordered_set>
#include <vector>

#include "core/api/names.h"
#include "core/api/router.h"
#include "core/api/triggered.h"
#include "core/api/waits.h"
#include "core/dispatch/call.h"
#include "core/dispatch/dispatcher.h"
#include "core/dispatch/pump.h"
#include "core/edge/clock.h"
#include "core/guard/admission.h"
#include "core/guard/running_calls.h"
#include "core/http/message.h"
#include "core/http/server.h"
#include "core/registry/directory.h"
#include "queue/history/archive.h"
#include "queue/queue.h"

namespace convoke {

// What the path said.
struct InvocationTarget {
  std::string service;
  std::string qualifier;  // empty: none
  std::string function;
};

class LineageGuard;
class TokenReader;

// All of it outlives the invoker.
struct InvokerWorld {
  const Clock& clock;
  TimerWheel& wheel;
  const Directory& directory;
  Dispatcher& dispatcher;
  Queue& queue;
  Names& names;
  // Where ends that are written down elsewhere, by another shard or engine, are found; null: there
  // are none that this shard does not hear of.
  history::Archive* ends_elsewhere = nullptr;
  std::size_t async_event_bytes_max = kAsyncEventBytesMax;
  // Whose calls requests are, and whether they are one too many; null: nobody asks.
  LineageWorld lineage = {};
  TokenReader* tokens = nullptr;
  LineageGuard* guard = nullptr;
};

class Invoker final : public CallOwner, public EndWatch {
 public:
  using Respond = std::function<void(http::ExchangeId, http::Response)>;

  Invoker(ShardIndex self, const InvokerWorld& world, Respond respond);

  // Bytes of event that this request may bring, by its headers.
  [[nodiscard]] Result<std::size_t> event_bytes_max(const http::Headers& headers) const;

  // Answers `exchange` exactly once, now or later, unless its client goes.
  void invoke(http::ExchangeId exchange, const CallId& id, const InvocationTarget& target,
              http::Request request);
  // The same of a request through an HTTP trigger: answered by the function itself, or 202.
  void invoke_http(http::ExchangeId exchange, const CallId& id, const Route& route,
                   http::Request request);
  // Of a call that such a request brings; nullopt: it has no ancestry that we know of.
  [[nodiscard]] std::optional<Lineage> lineage_of(const http::RequestHead& head, const CallId& id,
                                                  FunctionId function) const;
  // Accepts asynchronous calls for which no client waits. `done` runs once, now or in a later turn:
  // when all are durable, or else with an error; some may then be. EntityTooLarge,
  // ResourceThrottled of a kill switch, and InvocationTreeStopped: none is.
  using AllAccepted = std::function<void(const Result<void>&)>;
  void accept_triggered(std::vector<TriggeredCall> calls, AllAccepted done);
  void client_gone(http::ExchangeId exchange);
  // Those who wait for the end of an accepted call have their 202 now.
  // From here on those who ask to wait have it as soon as their call is accepted.
  void end_waits();

  // Calls whose answer is owed.
  [[nodiscard]] std::size_t calls_open() const { return running_ + accepting_; }

  void on_finished(CallPtr call, Outcome outcome) override;
  [[nodiscard]] bool watches(const CallId& id) const override { return waits_.has(id); }
  void on_settled(CallPtr call, Outcome outcome) override;

 private:
  struct Waiting {
    CallId id;
    FunctionId function;
  };

  // Whose tree is stopped has no more children.
  [[nodiscard]] std::optional<Error> refuses_child(const std::optional<Lineage>& lineage) const;
  // Why it does not run, if it does not.
  [[nodiscard]] std::optional<Error> refuses(const CallId& id, const Function& function,
                                             const std::optional<Lineage>& lineage) const;
  // From now on it waits, in line or in the queue.
  void waits(const CallId& id, FunctionId function, const std::optional<Lineage>& lineage) const;
  void invoke_sync(http::ExchangeId exchange, const CallId& id, const FunctionPtr& function,
                   const InvocationTarget& target, const InvocationOrder& order, std::string event,
                   const std::optional<Lineage>& lineage);
  [[nodiscard]] CallPtr sync_call(http::ExchangeId exchange, const CallId& id, FunctionId function,
                                  const std::string& qualifier, std::string event) const;
  void submit(CallPtr call);
  // Whether an asynchronous call without a name of its own gets one.
  [[nodiscard]] bool is_stateful(FunctionId function, std::string_view qualifier) const;
  void invoke_async(http::ExchangeId exchange, const CallId& id, const FunctionPtr& function,
                    const InvocationTarget& target, InvocationOrder order, std::string event,
                    const std::optional<Lineage>& lineage);
  void invoke_http_async(http::ExchangeId exchange, const CallId& id, const FunctionPtr& function,
                         const Route& route, InvocationOrder order, http::Request request,
                         const std::optional<Lineage>& lineage);
  void accept_one(TriggeredCall triggered, AllAccepted accepted);
  void accept(http::ExchangeId exchange, NewCall call, const InvocationOrder& order);
  void on_accepted(http::ExchangeId exchange, const CallId& id, FunctionId function,
                   const InvocationOrder& order);
  void on_over(const Waits::Waiting& waiting);
  [[nodiscard]] Waits::Look looks();
  void look_at_end(const Waits::Waiting& waiting);
  void on_looked(const CallId& id, const history::Record& record);
  void end_wait(const Waits::Waiting& waiting, http::Response response);

  const ShardIndex self_;
  const InvokerWorld world_;
  const Respond respond_;
  std::unordered_map<http::ExchangeId, Waiting, http::HashExchange> waiting_;  // of sync calls
  Waits waits_;
  bool waits_ended_ = false;
  std::size_t running_ = 0;    // synchronous, in line or started, whether or not its client waits
  std::size_t accepting_ = 0;  // asynchronous, not yet durable
  // Of these: whose callers will wait for the end, and are still there.
  std::unordered_set<http::ExchangeId, http::HashExchange> will_wait_;
};

// The answer to a synchronous call. Pure.
[[nodiscard]] http::Response answer_of(const Call& call, Outcome outcome);
// The same of a call that has ended elsewhere, as far as its record tells. Pure.
[[nodiscard]] http::Response answer_of(const history::Record& record);

}  // namespace convoke
