// A function's `paceConfig` in a request's body. Pure.
#pragma once

#include "core/api/fields.h"
#include "core/model/function.h"

namespace convoke {

// Replaced whole: what it does not say takes its default. It is kept with all that it has.
// InvalidArgument: a percentage that is none, or an unknown mode.
void read_pace_config(FieldReader& reader, JsonMembers& kept);

}  // namespace convoke
