// CloudEvents in JSON (CloudEvents, JSON Event Format 1.0). Pure.
//
// Every value is looked at, data too, so that a function never gets what only looks like JSON; but
// none is changed: numbers keep all their digits, and null in data stays.
#pragma once

#include <string>
#include <vector>

#include "core/api/cloud_event.h"
#include "core/model/error.h"

namespace convoke {

[[nodiscard]] Result<std::vector<CloudEvent>> read_json_event(std::string text);  // one
[[nodiscard]] Result<std::vector<CloudEvent>> read_json_batch(std::string text);

// Whether it is one JSON value, within kCloudEventDepthMax.
[[nodiscard]] Result<void> check_json(std::string text);

}  // namespace convoke
