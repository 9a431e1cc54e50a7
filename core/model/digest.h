// SHA-256, with a key and without, and how it is written. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace convoke {

[[nodiscard]] std::string sha256(std::string_view text);                             // 32 bytes
[[nodiscard]] std::string hmac_sha256(std::string_view key, std::string_view text);  // 32 bytes
[[nodiscard]] std::string hex(std::string_view bytes);  // two lower-case digits each

// In a time that tells nothing of where two texts of one length differ: for what a secret made.
[[nodiscard]] bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace convoke
