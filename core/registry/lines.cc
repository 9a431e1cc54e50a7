#include "core/registry/lines.h"

#include <algorithm>

namespace convoke {

std::string as_lines(const std::vector<std::string>& items) {
  std::string lines;
  for (const std::string& item : items) (lines += item) += '\n';
  return lines;
}

std::vector<std::string> from_lines(std::string_view lines) {
  std::vector<std::string> items;
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    items.emplace_back(lines.substr(0, end));
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  return items;
}

}  // namespace convoke
