// Base64 (RFC 4648, with padding): code packages go to the engine in it, log tails come back in it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace convoke::cli {

[[nodiscard]] std::string base64_encoded(std::string_view bytes);
[[nodiscard]] std::optional<std::string> base64_decoded(std::string_view text);  // none: not base64

}  // namespace convoke::cli
