// What a message may repeat of a text that a client sent. Pure.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace convoke {

inline constexpr std::size_t kShownBytesMax = 128;

// Its beginning; what is not printable ASCII as '?'.
[[nodiscard]] inline std::string shown(std::string_view text) {
  std::string plain(text.substr(0, kShownBytesMax));
  std::replace_if(
      plain.begin(), plain.end(), [](char c) { return c < 0x20 || c > 0x7e; }, '?');
  return plain;
}

}  // namespace convoke
