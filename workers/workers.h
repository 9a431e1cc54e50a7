// The one Workers of a shard: picks the kind of instance by the function's runtime.
#pragma once

#include <memory>

#include "workers/worker.h"

namespace convoke {

class AllWorkers final : public Workers {
 public:
  AllWorkers(Workers& processes, Workers& in_process)
      : processes_(processes), in_process_(in_process) {}

  [[nodiscard]] std::unique_ptr<Instance> start(FunctionPtr function,
                                                InstanceListener& listener) override;

 private:
  Workers& processes_;
  Workers& in_process_;
};

}  // namespace convoke
