// Bytes to base64 (RFC 4648, section 4). The way back is core/registry/base64.h.
#pragma once

#include <string>
#include <string_view>

namespace convoke {

[[nodiscard]] std::string encode_base64(std::string_view bytes);  // padded

}  // namespace convoke
