// Base64 (RFC 4648, section 4) to bytes. The way there is core/model/base64.h.
#pragma once

#include <string>
#include <string_view>

#include "core/model/error.h"

namespace convoke {

// Strict: padded, no line breaks, no other alphabet, no bits left over. InvalidArgument names the
// place of the first character that does not belong.
[[nodiscard]] Result<std::string> decode_base64(std::string_view text);

}  // namespace convoke
