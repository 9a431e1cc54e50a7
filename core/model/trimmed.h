// A text without the blanks (spaces and tabs) at both ends. Pure; a view of what it was given.
#pragma once

#include <algorithm>
#include <string_view>

namespace convoke {

[[nodiscard]] inline std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t";
  text.remove_prefix(std::min(text.find_first_not_of(kBlank), text.size()));
  return text.substr(0, text.find_last_not_of(kBlank) + 1);
}

}  // namespace convoke
