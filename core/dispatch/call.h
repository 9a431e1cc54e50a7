// One invocation under way: from the moment it was admitted until its outcome is delivered.
//
// A Call is owned by one shard at a time and moves, whole, by mailbox. Its home is the shard that
// owes the answer: the caller's connection is there, or the journal that holds the call.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/edge/timer_wheel.h"
#include "core/guard/budget.h"
#include "core/http/server.h"
#include "core/model/call_state.h"
#include "core/model/error.h"
#include "core/model/function.h"
#include "core/model/ids.h"
#include "core/model/instant.h"
#include "core/model/lineage.h"
#include "queue/queue.h"
#include "workers/worker.h"

namespace convoke {

struct Call {
  CallId id;
  FunctionId function;
  ShardIndex home;
  Instant arrived{};  // its place in the line
  std::shared_ptr<const std::string> event;
  HttpCallPtr http;  // through an HTTP trigger; nullptr: an event
  std::string qualifier;
  std::optional<Lineage> lineage;  // nullopt: it has no ancestry
  bool wants_log_tail = false;
  std::uint32_t instances_lost = 0;  // which went before they had read it; of a synchronous call
  CallState state = CallState::kEnqueued;

  // Asynchronous calls: the lease, and what the next retry is decided from.
  struct Lease {
    Receipt receipt;
    std::string name;  // stateful; empty: none
    WallTime dequeued{};
    WallTime due{};  // its age counts from here
    std::uint32_t function_errors = 0;
    std::uint32_t retries = 0;
    bool maybe_repeated = false;
  };
  std::optional<Lease> lease;  // nullopt: a synchronous call
  http::ExchangeId exchange;   // of a synchronous call: where its answer goes

  [[nodiscard]] Lineage its_lineage() const {
    return lineage ? *lineage : root_lineage(id, function);
  }
  // Of the tree that it is a part of.
  [[nodiscard]] const CallId& root() const { return lineage ? lineage->root : id; }
  [[nodiscard]] bool asynchronous() const { return lease.has_value(); }
  void move_to(CallState next) {
    ENSURE(may_follow(state, next));
    state = next;
  }
};

using CallPtr = std::unique_ptr<Call>;

// Whether the call begins with its next attempt. One whose engine died while it ran begins twice.
[[nodiscard]] inline Attempting attempting(const Call& call) {
  const bool first = call.lease ? call.lease->retries == 0 : call.instances_lost == 0;
  return first ? Attempting::kFirst : Attempting::kAgain;
}

// How a call, or one attempt of it, ended.
struct Outcome {
  enum class Kind : std::uint8_t {
    kReplied,     // the function answered: with its result, or with an error of its own
    kTimedOut,    // past its deadline: a function error
    kNotStarted,  // its instance could not be started, for a reason of the function's: `error`
    kRefused,     // throttled, or no such function: `error`; nothing of it ran
    kLost,        // taken by the engine while it ran: kill switch, drain
    kBounced,     // nothing of it ran: the slot that was kept for it is gone or, with an `error`,
                  // its instance went before it had read the call
    kStopped,     // by request, it or its tree: it never runs again
    kExpired,     // it became too old before it could run (said by the pump, not the dispatcher)
  };
  Kind kind = Kind::kReplied;
  Reply reply;                 // kReplied, kTimedOut
  std::optional<Error> error;  // kNotStarted, kRefused, kLost, kBounced, kStopped, kExpired
  FunctionPtr function;        // the revision that it ran on, if it ran
  std::string instance_id;
  Duration duration{};  // from hand-over to reply
};

// Who a call's outcome is delivered to, on its home shard.
class CallOwner {
 public:
  virtual ~CallOwner() = default;
  virtual void on_finished(CallPtr call, Outcome outcome) = 0;  // exactly once for each call
  // An attempt of a stateful call was handed to an instance. Its end may be heard of first.
  virtual void on_started(const Receipt& /*receipt*/, WallTime /*at*/,
                          const std::string& /*instance_id*/) {}
};

}  // namespace convoke
