// A function's `recursionConfig` in a request's body. Pure.
#pragma once

#include "core/api/fields.h"
#include "core/model/function.h"

namespace convoke {

// Replaced whole: what it does not say takes its default. It is kept with all that it has.
// InvalidArgument: a number out of its bounds, or a mode that is none.
void read_recursion_config(FieldReader& reader, JsonMembers& kept);

}  // namespace convoke
