// What HTTP asks of a request's head beyond its grammar. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/http/message.h"

namespace convoke::http {

struct Version {
  std::uint8_t major = 1;
  std::uint8_t minor = 1;
};

// Says what is wrong, for the person who reads the answer; nullopt: nothing is.
[[nodiscard]] std::optional<std::string> why_refused(const RequestHead& head, Version version,
                                                     std::size_t target_bytes_max);

}  // namespace convoke::http
