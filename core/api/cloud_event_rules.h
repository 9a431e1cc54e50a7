// What an attribute of a CloudEvent may be (CloudEvents 1.0, sections 3 and 4). Pure.
#pragma once

#include <string>
#include <string_view>

#include "core/api/cloud_event.h"
#include "core/model/error.h"

namespace convoke {

// Adds one more. InvalidArgument: its name or value is none, or it is there already.
[[nodiscard]] Result<void> add_attribute(std::string_view name, std::string value,
                                         CloudEvent& event);
// When all are there. InvalidArgument: one that must be is not; a specversion other than 1.0.
[[nodiscard]] Result<void> check_attributes(const CloudEvent& event);

}  // namespace convoke
