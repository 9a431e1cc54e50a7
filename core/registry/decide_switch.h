// May this switch be set or lifted, and what does that change? Pure, as decide.h.
#pragma once

#include "core/registry/decide.h"

namespace convoke {

// ServiceNotFound, FunctionNotFound; InvalidArgument: a reason or a span of time out of bounds.
[[nodiscard]] Result<Change> decide_switch(const Directory& committed, const DisableInvoke& disable,
                                           const Stamp& stamp);
// Where there is nothing to lift, nothing is.
[[nodiscard]] Result<Change> decide_switch(const Directory& committed, const EnableInvoke& enable,
                                           const Stamp& stamp);
// PreconditionFailed: there is no switch of that version any more.
[[nodiscard]] Result<Change> decide_switch(const Directory& committed, const EndSwitch& end,
                                           const Stamp& stamp);

}  // namespace convoke
