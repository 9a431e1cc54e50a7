#include "core/registry/trigger.h"

namespace convoke {
namespace {

ObjectOutput output_from(std::string_view text) {
  const std::size_t slash = std::min(text.find('/'), text.size());
  const std::string_view prefix = text.substr(std::min(slash + 1, text.size()));
  return {std::string(text.substr(0, slash)), std::string(prefix)};
}

}  // namespace

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
