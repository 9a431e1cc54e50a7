// How the engine talks with the program in a process: over HTTP (custom runtime) or over frames
// (our own runtimes). A process instance owns one link and decides everything else.
//
//   open -> [process starts] -> spawned -> link_up -> initialize -> initialized -> invoke ...
//
// Threads: one shard's. A host is never called from inside a call made to the link.
// Lifetime: the instance owns its link and is its host; destroying the link promises silence.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/edge/spawner.h"
#include "core/model/error.h"
#include "core/model/ids.h"
#include "workers/worker.h"

namespace convoke {

// What is known of a call whose connection went before its answer had come.
enum class Begun : std::uint8_t {
  kPerhaps,
  kCertainlyNot,  // the program cannot have read it whole
};

class LinkHost {
 public:
  virtual ~LinkHost() = default;
  // InstanceListener's.
  [[nodiscard]] virtual std::optional<CarriedLineage> lineage_before_calls() {
    return std::nullopt;
  }
  // The program can be spoken to. 0: its memory is not known yet.
  virtual void link_up(double memory_peak_mb) = 0;
  // The program will never be reachable; `reason` in words, without the instance's log.
  virtual void link_failed(const std::string& reason) = 0;
  // The initializer's end; an error is the body of a function error.
  virtual void initialized(std::optional<std::string> error_body) = 0;
  // The connection went during the initializer: perhaps because the process is dying.
  virtual void initializer_lost(std::string error_body) = 0;

  // One of these four for each invoke().
  virtual void answered(const CallId& id, std::string body, FunctionError kind) = 0;
  virtual void answered_http(const CallId& id, http::Response response) = 0;  // an HttpCall
  virtual void answered_badly(const CallId& id, const Error& error) = 0;      // not a legal answer
  // The connection went while waiting: perhaps because the process is dying.
  virtual void lost(const CallId& id, const Error& error, Begun begun) = 0;

  // The link is beyond repair: the process is of no use any more. Of the calls inside, `unread`
  // have certainly not begun.
  virtual void link_broken(const std::vector<CallId>& unread) = 0;
};

class RuntimeLink {
 public:
  virtual ~RuntimeLink() = default;
  // What to start. Opens what must be there before the process is (a port, a socket).
  [[nodiscard]] virtual Result<SpawnRequest> open(LinkHost& host) = 0;
  virtual void spawned(Process& process) = 0;
  virtual void on_listener(const ListenerReport& report) = 0;
  virtual void initialize(const CallId& request_id) = 0;
  virtual void invoke(const Attempt& attempt) = 0;
  // Why the link is not up yet, for the message when the start-up limit has passed.
  [[nodiscard]] virtual std::string waiting_for() const = 0;
  // What to say when the executable could not be run.
  [[nodiscard]] virtual Error spawn_error(const SpawnFailure& failure) const = 0;
};

}  // namespace convoke
