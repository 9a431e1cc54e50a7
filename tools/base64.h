// Base64 (RFC 4648, with padding) to bytes: log tails come in it. The way there is
// core/model/base64.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace convoke::cli {

[[nodiscard]] std::optional<std::string> base64_decoded(std::string_view text);  // none: not base64

}  // namespace convoke::cli
