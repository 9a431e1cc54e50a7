// What a trigger may say, by its kind. Pure.
//
// Every error is InvalidArgument and names the member, what is allowed and what was sent. Members
// that belong to another kind are ignored, as unknown ones are.
#pragma once

#include <string_view>

#include "core/model/error.h"
#include "core/registry/mutation.h"
#include "core/registry/trigger.h"

namespace convoke {

// Sets what was sent. A triggerConfig replaces the one there is as a whole; without one, what there
// is stays. A new trigger has no kind yet: `type` makes it, and says so of kinds not offered.
[[nodiscard]] Result<void> apply_fields(const TriggerFields& fields, Trigger& trigger);
[[nodiscard]] Result<void> set_type(std::string_view type, Trigger& trigger);

}  // namespace convoke
