// Accepted calls that wait in the store, as the dispatcher sees them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/model/ids.h"

namespace convoke {

class Backlog {
 public:
  virtual ~Backlog() = default;
  // Ready to be claimed on this shard, now.
  [[nodiscard]] virtual std::size_t ready(FunctionId function) const = 0;
  // Accept time (wall ms) of the oldest of them; kNobodyWaits when there is none.
  [[nodiscard]] virtual std::int64_t oldest(FunctionId function) const = 0;
  // Answered by Dispatcher::on_claimed in a later turn, with as many calls or fewer.
  virtual void claim(FunctionId function, std::size_t calls) = 0;
};

}  // namespace convoke
