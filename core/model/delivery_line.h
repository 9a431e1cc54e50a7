// Deliveries of a function's outcomes wait on a line beside its own, that no function has.
#pragma once

#include <cstdint>

#include "core/model/ids.h"

namespace convoke {

inline constexpr std::uint64_t kDeliveryLine = std::uint64_t{1} << 63;
[[nodiscard]] constexpr bool is_delivery_line(FunctionId line) {
  return (line.value & kDeliveryLine) != 0;
}
[[nodiscard]] constexpr FunctionId delivery_line_of(FunctionId function) {
  return FunctionId{function.value | kDeliveryLine};
}
[[nodiscard]] constexpr FunctionId function_of_line(FunctionId line) {
  return FunctionId{line.value & ~kDeliveryLine};
}

}  // namespace convoke
