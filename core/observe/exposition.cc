#include "core/observe/exposition.h"

#include <fmt/format.h>

namespace convoke {
namespace {

void append_escaped(std::string_view value, std::string& text) {
  for (const char c : value) {
    if (c == '\n') {
      text += "\\n";
      continue;
    }
    if (c == '\\' || c == '"') text += '\\';
    text += c;
  }
}

}  // namespace

void Exposition::metric(std::string_view name, std::string_view type, std::string_view help) {
  name_ = name;
  text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

void Exposition::sample(const Labels& labels, double value) {
  line(labels, fmt::format("{}", value));
}

void Exposition::sample(const Labels& labels, std::int64_t value) {
  line(labels, fmt::format("{}", value));
}

void Exposition::line(const Labels& labels, std::string_view value) {
  text_ += name_;
  char before = '{';
  for (const auto& [name, label] : labels) {
    (text_ += before) += name;
    text_ += "=\"";
    append_escaped(label, text_);
    text_ += '"';
    before = ',';
  }
  if (!labels.empty()) text_ += '}';
  ((text_ += ' ') += value) += '\n';
}

}  // namespace convoke
