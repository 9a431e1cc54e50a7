// Settings from a TOML file: `key = value` lines, and tables one level deep.
//
// CLI11's own reader takes everything after a `#` for a comment, inside quotes too, and knows no
// errors; a password in an environment variable deserves better, hence toml++.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "tools/outcome.h"

namespace convoke::cli {

struct TomlEntry {
  std::string table;  // "" for the keys before the first [table]
  std::string key;
  std::string value;  // strings as they are, numbers and booleans as TOML writes them
  std::size_t line = 0;
};

// In the order of the file. `path` is for the messages. Arrays, dates and deeper tables: a Failure,
// as nothing here is set by them.
[[nodiscard]] Outcome<std::vector<TomlEntry>> parse_toml(std::string_view text,
                                                         const std::string& path);
[[nodiscard]] Outcome<std::vector<TomlEntry>> read_toml_file(const std::string& path);

}  // namespace convoke::cli
