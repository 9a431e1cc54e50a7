// Names of stateful calls, as accepting one needs them: one function's are unique on all shards,
// for as long as the history keeps them.
#pragma once

#include <functional>
#include <string>

#include "core/model/error.h"
#include "core/model/ids.h"

namespace convoke {

class Names {
 public:
  using Reserved = std::function<void(Result<void>)>;

  virtual ~Names() = default;
  // kCallAlreadyExists: in use. kResourceThrottled: the history is too far behind. Answered in a
  // later turn. The name is the caller's until its call has been accepted, or release().
  virtual void reserve(FunctionId function, const std::string& name, Reserved reserved) = 0;
  virtual void release(FunctionId function, const std::string& name) = 0;
  // Of names that are made up here, which are free: may another call with a history come?
  [[nodiscard]] virtual Result<void> keeps_up() const = 0;
};

}  // namespace convoke
