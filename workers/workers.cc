#include "workers/workers.h"

namespace convoke {

std::unique_ptr<Instance> AllWorkers::start(FunctionPtr function, InstanceListener& listener) {
  Workers& kind = function->spec.runtime == Runtime::kInProcess ? in_process_ : processes_;
  return kind.start(std::move(function), listener);
}

}  // namespace convoke
