// What an engine that shares its registry has to say.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "core/registry/rules.h"
#include "queue/redis/lease.h"
#include "queue/redis/link.h"

namespace convoke::shared_registry {

struct Options {
  redis::LinkOptions link;
  std::string prefix = "convoke";         // of all keys
  std::string engine;                     // a name that no other engine has, nor had
  Duration lease = redis::kLeaseDefault;  // the same for all engines
  InProcessHandlers in_process_handlers;  // empty: none
  std::function<void(std::string_view)> alarm = [](std::string_view) {};  // for the operator
};

}  // namespace convoke::shared_registry
