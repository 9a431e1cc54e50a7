// The link to a custom runtime: an executable `bootstrap` that serves HTTP on FC_SERVER_PORT.
//
// Ready when something of the instance's own process group listens on its port. A listener of
// anyone else, or a group that listens elsewhere only, fails the start with a message that says so.
// Calls are POST /invoke, or the client's own request through an HTTP trigger; one kept-alive
// connection for each call at a time. They are not idempotent, so none is ever sent twice.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/edge/clock.h"
#include "core/edge/timer_wheel.h"
#include "core/edge/wires.h"
#include "core/http/client.h"
#include "core/model/function.h"
#include "workers/child_environment.h"
#include "workers/ports.h"
#include "workers/runtime_link.h"

namespace convoke {

inline constexpr Duration kLookFirst = Millis{10};  // for the listener; doubled each time
inline constexpr Duration kLookMax = Millis{200};
// How long a group may listen on other ports alone: some programs open a debug port first.
inline constexpr Duration kWrongPortGrace = Seconds{2};
inline constexpr int kPortProbesMax = 16;  // ports found in use by strangers before giving up

class CustomRuntime final : public RuntimeLink {
 public:
  struct Edge {
    const Clock& clock;
    TimerWheel& wheel;
    Wires& wires;
    PortPool& ports;
  };

  CustomRuntime(FunctionPtr function, std::string instance_id, const Place& place,
                const Edge& edge);
  ~CustomRuntime() override;
  CustomRuntime(const CustomRuntime&) = delete;
  CustomRuntime& operator=(const CustomRuntime&) = delete;

  Result<SpawnRequest> open(LinkHost& host) override;
  void spawned(Process& process) override;
  void on_listener(const ListenerReport& report) override;
  void initialize(const CallId& request_id) override;
  void invoke(const Attempt& attempt) override;
  [[nodiscard]] std::string waiting_for() const override;
  [[nodiscard]] Error spawn_error(const SpawnFailure& failure) const override;

 private:
  class Lane;  // one connection, one call at a time

  [[nodiscard]] std::optional<PortLease> free_port();
  void look();
  void look_again();
  void judge_wrong_port(const ListenerReport& report);
  [[nodiscard]] Lane& idle_lane();

  const FunctionPtr function_;
  const std::string instance_id_;
  const Place place_;
  const Edge edge_;
  LinkHost* host_ = nullptr;
  Process* process_ = nullptr;
  PortLease port_;
  std::optional<Instant> wrong_port_since_;
  Duration look_in_ = kLookFirst;
  Timer look_timer_ = timer_for<&CustomRuntime::look>(this);
  std::vector<std::unique_ptr<Lane>> lanes_;
};

}  // namespace convoke
