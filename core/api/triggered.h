// Asynchronous calls that no client asked for by name: what a trigger makes of an event.
#pragma once

#include <optional>
#include <string>

#include "core/model/ids.h"
#include "core/model/lineage.h"

namespace convoke {

struct TriggeredCall {
  CallId id;
  FunctionId function;
  std::string qualifier;
  std::string event;
  std::optional<Lineage> lineage = std::nullopt;  // where a function told of the event
};

}  // namespace convoke
