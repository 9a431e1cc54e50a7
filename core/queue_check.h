// What an operator should know of the queue's server. Blocking, in the caller's thread; looks, and
// changes nothing.
#pragma once

#include <string>
#include <vector>

#include "core/config.h"
#include "core/model/error.h"

namespace convoke {

struct QueueFinding {
  enum class Weight {
    kGood,
    kNote,   // works, with a limit worth knowing
    kFault,  // an engine does not start so, or refuses asynchronous calls
  };
  Weight weight = Weight::kGood;
  std::string text;  // plain words, without the password
};

// Of options.queue, which must not be "", by the other options that begin with queue_. One
// finding at least. Errors: options that say nothing; a server that cannot be reached, and why.
[[nodiscard]] Result<std::vector<QueueFinding>> check_queue(const EngineOptions& options);

}  // namespace convoke
