#include "tools/toml_file.h"

#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <optional>

#include "tools/files.h"

namespace convoke::cli {
namespace {

constexpr std::size_t kTomlBytesMax = 1UL << 20;  // written by hand: more is the wrong file

std::optional<std::string> scalar_text(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return fmt::format("{}", number->get());
  if (const auto* number = node.as_floating_point()) return fmt::format("{}", number->get());
  if (const auto* truth = node.as_boolean()) return truth->get() ? "true" : "false";
  return std::nullopt;
}

std::size_t line_of(const toml::node& node) { return node.source().begin.line; }

class Flattener {
 public:
  explicit Flattener(const std::string& path) : path_(path) {}

  Outcome<Done> add(const std::string& table, std::string_view key, const toml::node& node) {
    if (const auto text = scalar_text(node)) {
      entries_.push_back({table, std::string(key), *text, line_of(node)});
      return Done{};
    }
    if (node.is_table() && table.empty()) return add_table(std::string(key), *node.as_table());
    return usage_failure(fmt::format("{}:{}: '{}' takes one string, number or true/false", path_,
                                     line_of(node), key));
  }

  Outcome<Done> add_table(const std::string& name, const toml::table& table) {
    for (const auto& [key, node] : table) {
      if (Outcome<Done> added = add(name, key.str(), node); !added) return added;
    }
    return Done{};
  }

  std::vector<TomlEntry> in_file_order() && {
    std::stable_sort(entries_.begin(), entries_.end(),
                     [](const TomlEntry& a, const TomlEntry& b) { return a.line < b.line; });
    return std::move(entries_);
  }

 private:
  const std::string& path_;
  std::vector<TomlEntry> entries_;
};

}  // namespace

Outcome<std::vector<TomlEntry>> parse_toml(std::string_view text, const std::string& path) {
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) {
    return usage_failure(fmt::format("{}:{}: {}", path, parsed.error().source().begin.line,
                                     parsed.error().description()));
  }
  Flattener flattener(path);
  if (Outcome<Done> added = flattener.add_table("", parsed.table()); !added) return added.failure();
  return std::move(flattener).in_file_order();
}

Outcome<std::vector<TomlEntry>> read_toml_file(const std::string& path) {
  Outcome<std::string> text = read_whole_file(path, kTomlBytesMax);
  if (!text) return text.failure();
  return parse_toml(*text, path);
}

}  // namespace convoke::cli
