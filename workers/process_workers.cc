#include "workers/process_workers.h"

#include "workers/custom_runtime.h"
#include "workers/instance_id.h"
#include "workers/process_instance.h"

namespace convoke {
namespace {

std::unique_ptr<RuntimeLink> link_for(const FunctionPtr& function, const std::string& instance_id,
                                      const ProcessOptions& options, const ProcessEdge& edge) {
  ENSURE(function->spec.runtime != Runtime::kInProcess);
  if (function->spec.runtime == Runtime::kPython3) {
    return std::make_unique<HandlerRuntime>(function, instance_id, options.place, options.handlers,
                                            edge.wires);
  }
  return std::make_unique<CustomRuntime>(
      function, instance_id, options.place,
      CustomRuntime::Edge{edge.clock, edge.wheel, edge.wires, edge.ports});
}

}  // namespace

std::unique_ptr<Instance> ProcessWorkers::start(FunctionPtr function, InstanceListener& listener) {
  std::string id = new_instance_id(rng_);
  const CallId initializer_call = CallId::from_random(rng_.next(), rng_.next());
  std::unique_ptr<RuntimeLink> link = link_for(function, id, options_, edge_);
  auto instance = std::make_unique<ProcessInstance>(
      std::move(function), std::move(id), initializer_call, std::move(link),
      InstanceEdge{edge_.clock, edge_.wheel, edge_.spawner, edge_.log}, listener);
  instance->start();
  return instance;
}

}  // namespace convoke
