// HTTP's dates (RFC 9110, IMF-fixdate): "Sun, 06 Nov 1994 08:49:37 GMT". Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/model/instant.h"

namespace convoke::http {

[[nodiscard]] std::string write_date(WallTime time);
// nullopt: it is none. The two obsolete forms are none; the day's name is not checked.
[[nodiscard]] std::optional<WallTime> read_date(std::string_view text);

}  // namespace convoke::http
