// Names of instances, as X-Fc-Instance-Id shows them: "c-5f0e1d2c-3b4a59687780".
#pragma once

#include <string>

#include "core/edge/rng.h"

namespace convoke {

[[nodiscard]] std::string new_instance_id(Rng& rng);

}  // namespace convoke
