// Makes the instances that are processes: custom runtimes and python3 handlers.
#pragma once

#include <memory>

#include "core/edge/clock.h"
#include "core/edge/rng.h"
#include "core/edge/spawner.h"
#include "core/edge/timer_wheel.h"
#include "core/edge/wires.h"
#include "workers/child_environment.h"
#include "workers/handler_runtime.h"
#include "workers/log_sink.h"
#include "workers/ports.h"
#include "workers/worker.h"

namespace convoke {

struct ProcessOptions {
  Place place;
  HandlerRuntimeOptions handlers;
};

// All of it outlives the workers, and they their instances.
struct ProcessEdge {
  const Clock& clock;
  TimerWheel& wheel;
  Wires& wires;
  Spawner& spawner;
  LogSink& log;
  PortPool& ports;  // the engine's; all others are the shard's
};

class ProcessWorkers final : public Workers {
 public:
  ProcessWorkers(ProcessOptions options, const ProcessEdge& edge, Rng rng)
      : options_(std::move(options)), edge_(edge), rng_(rng) {}

  [[nodiscard]] std::unique_ptr<Instance> start(FunctionPtr function,
                                                InstanceListener& listener) override;

 private:
  const ProcessOptions options_;
  const ProcessEdge edge_;
  Rng rng_;
};

}  // namespace convoke
