// "Did you mean ...?": the known word nearest to one that was mistyped.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace convoke::cli {

// " (did you mean 'timeout'?)", or "" where no known word is near enough to be meant.
[[nodiscard]] std::string did_you_mean(std::string_view typed,
                                       const std::vector<std::string>& known);

}  // namespace convoke::cli
