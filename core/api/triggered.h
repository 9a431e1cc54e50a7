// Asynchronous calls that no client asked for by name: what a trigger makes of an event.
#pragma once

#include <string>

#include "core/model/ids.h"

namespace convoke {

struct TriggeredCall {
  CallId id;
  FunctionId function;
  std::string qualifier;
  std::string event;
};

}  // namespace convoke
