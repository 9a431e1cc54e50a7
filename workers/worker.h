// The worker contract: what runs a function, whatever kind of thing it is.
//
//   start ---> on_ready ---> invoke ... on_reply (1 .. instance_concurrency at a time) ---+
//     |           |                                                                      |
//     |           +--- stop ------------------------------------------------------------>|
//     +---------------------------------------------------------------------------> on_gone
//
// Threads: an Instance belongs to one shard; callbacks run on its thread, never from inside a call
// made here. Lifetime: destroying an Instance kills what still runs and promises silence. The
// listener outlives the instance. An instance may be destroyed from inside on_gone, not from inside
// the other callbacks; invoke and stop may be called from inside any.
//
// Who does what: the dispatcher owns the deadline of a call and decides to stop an instance; the
// instance owns how (SIGTERM, 500 ms, SIGKILL), its start-up limit and its initializer.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/http/message.h"
#include "core/model/error.h"
#include "core/model/function.h"
#include "core/model/ids.h"
#include "core/model/instant.h"
#include "core/model/lineage.h"

namespace convoke {

// A request through an HTTP trigger, as the function is to see it. Its body is the event.
struct HttpCall {
  http::RequestHead head;
  bool default_path = false;  // the client asked by /2016-08-15/proxy/..., not by a name of its own
};
using HttpCallPtr = std::shared_ptr<const HttpCall>;

// One attempt of one call, as an instance sees it. The event is shared, since a retry needs it
// again.
struct Attempt {
  CallId id;
  Epoch epoch;  // fencing token; {} for a sync call
  std::shared_ptr<const std::string> event;
  HttpCallPtr http;  // nullptr: an event
  std::string qualifier;
  std::uint32_t retry_count = 0;
  bool maybe_repeated = false;
  bool asynchronous = false;
  bool wants_log_tail = false;
  Duration time_left{};  // until its deadline
  // For the calls that its code makes; nullopt: this engine gives none.
  std::optional<CarriedLineage> lineage;
};

enum class FunctionError : std::uint8_t { kNone, kHandled, kUnhandled };

// How an attempt ended. Either a Reply of the function (body, perhaps a function error), or a
// system error: the call did not run to an end of its own.
struct Reply {
  std::string body;
  std::shared_ptr<const http::Response> http;  // of an HttpCall: status and headers; else nullptr
  FunctionError function_error = FunctionError::kNone;
  std::optional<Error> system_error;  // BadResponse, ServiceUnavailable (instance taken away), ...
  double memory_peak_mb = 0;          // the instance's, as last sampled
  std::string log_tail;               // last kLogTailBytes of the call's log, if it was asked for
  bool instance_is_going = false;     // on_gone follows by itself: no new call for this instance
  bool never_began = false;           // with a system_error: the call did not reach the function
};

enum class GoneReason : std::uint8_t {
  kStopped,      // after stop()
  kExited,       // by itself
  kStartFailed,  // never became ready; `error` says why, as Function Compute names it
};

struct Gone {
  GoneReason reason = GoneReason::kStopped;
  Error error;  // for kStartFailed: CAExited, CAFilePermission, CAFileNotFound, FunctionNotStarted
};

class InstanceListener {
 public:
  virtual ~InstanceListener() = default;
  // What the code carries before its first call, from start() on. From inside any call made here.
  [[nodiscard]] virtual std::optional<CarriedLineage> lineage_before_calls() {
    return std::nullopt;
  }
  virtual void on_ready() = 0;
  // Exactly once for each invoke(), before on_gone. When the process died: a Reply with the body
  // {"errorMessage": "Process exited unexpectedly before completing request (...)"}, kUnhandled.
  virtual void on_reply(const CallId& id, Reply reply) = 0;
  virtual void on_gone(const Gone& gone) = 0;  // last call; the process group is dead
};

enum class StopHow : std::uint8_t {
  kGraceful,  // pre-stop where configured, then SIGTERM, 500 ms, SIGKILL
  kKill,      // SIGKILL at once
};

class Instance {
 public:
  virtual ~Instance() = default;
  virtual void invoke(Attempt attempt) = 0;  // after on_ready, within instance_concurrency
  // Idempotent. Calls still inside get a Reply with a system error (ServiceUnavailable) unless the
  // function answers first.
  virtual void stop(StopHow how) = 0;
  [[nodiscard]] virtual const std::string& id() const = 0;  // X-Fc-Instance-Id
  [[nodiscard]] virtual double memory_peak_mb() const = 0;
};

// Makes instances of one kind. One per shard.
class Workers {
 public:
  virtual ~Workers() = default;
  // Always returns an instance; a start that fails says so by on_gone.
  [[nodiscard]] virtual std::unique_ptr<Instance> start(FunctionPtr function,
                                                        InstanceListener& listener) = 0;
};

}  // namespace convoke
