#include "core/registry/trigger.h"

#include <utility>

namespace convoke {
namespace {

ObjectOutput output_from(std::string_view text) {
  const std::size_t slash = std::min(text.find('/'), text.size());
  const std::string_view prefix = text.substr(std::min(slash + 1, text.size()));
  return {std::string(text.substr(0, slash)), std::string(prefix)};
}

}  // namespace

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

std::string as_lines(const std::vector<ObjectOutput>& outputs) {
  std::string lines;
  for (const ObjectOutput& output : outputs) (lines += output.text()) += '\n';
  return lines;
}

std::vector<ObjectOutput> outputs_from_lines(std::string_view lines) {
  std::vector<ObjectOutput> outputs;
  for (const std::string& line : from_lines(lines)) outputs.push_back(output_from(line));
  return outputs;
}

}  // namespace convoke
