#include "core/dispatch/tree_sweep.h"

namespace convoke {

void TreeSweep::look() {
  functions_ = hooks_.with_backlog();
  if (!looked_at_) next();
}

void TreeSweep::on_claimed(FunctionId function, std::size_t stopped) {
  if (looked_at_ != function) return;
  if (stopped > 0 && hooks_.claim(function)) return;
  looked_at_.reset();
  next();
}

void TreeSweep::next() {
  while (!functions_.empty() && !looked_at_) {
    const FunctionId function = functions_.front();
    functions_.pop_front();
    looked_at_ = function;
    if (!hooks_.claim(function)) looked_at_.reset();
  }
}

}  // namespace convoke
