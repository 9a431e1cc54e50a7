// Lists as rows keep them: a line for each item, none of which has a line feed in it. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace convoke {

[[nodiscard]] std::string as_lines(const std::vector<std::string>& items);
[[nodiscard]] std::vector<std::string> from_lines(std::string_view lines);

}  // namespace convoke
