#include "tools/function_manifest.h"

#include <fmt/format.h>

#include <filesystem>

#include "tools/files.h"
#include "tools/suggest.h"
#include "tools/toml_file.h"

namespace convoke::cli {
namespace {

constexpr std::size_t kManifestBytesMax = 1UL << 20;
constexpr std::string_view kEnvironment = "environment";

struct Draft {
  std::string service{kDefaultService};
  std::string function;
  FunctionSettings settings;
};

std::vector<std::string> known_keys() {
  std::vector<std::string> keys = setting_names();
  keys.emplace_back("name");
  keys.emplace_back("service");
  return keys;
}

Failure at_line(const std::string& path, const TomlEntry& entry, const std::string& message) {
  return usage_failure(fmt::format("{}:{}: {}", path, entry.line, message));
}

Outcome<Done> take(Draft& draft, const TomlEntry& entry, const std::string& path) {
  if (entry.table == kEnvironment) {
    draft.settings.set_environment(entry.key, entry.value);
  } else if (!entry.table.empty()) {
    return at_line(path, entry,
                   fmt::format("unknown table [{}]; there is [environment]", entry.table));
  } else if (entry.key == "name") {
    draft.function = entry.value;
  } else if (entry.key == "service") {
    draft.service = entry.value;
  } else if (const auto known = known_keys();
             std::find(known.begin(), known.end(), entry.key) == known.end()) {
    const std::string hint = did_you_mean(entry.key, known);
    return at_line(path, entry, fmt::format("unknown key '{}'{}", entry.key, hint));
  } else if (Outcome<Done> set = draft.settings.set(entry.key, entry.value); !set) {
    return at_line(path, entry, set.failure().message);
  }
  return Done{};
}

Outcome<Done> complete(FunctionSettings& settings, const std::string& path) {
  if (!settings.has("runtime")) {
    return usage_failure(
        fmt::format("{}: say which runtime: runtime = \"python3\" or \"custom\"", path));
  }
  if (settings.has("handler")) return Done{};
  if (settings.text("runtime") == "custom") return settings.set("handler", "bootstrap");
  return usage_failure(
      fmt::format("{}: say which function to call: handler = \"FILE.FUNCTION\"", path));
}

}  // namespace

Outcome<Manifest> parse_manifest(std::string_view text, const std::string& path,
                                 const std::string& directory_name) {
  Outcome<std::vector<TomlEntry>> entries = parse_toml(text, path);
  if (!entries) return entries.failure();
  Draft draft;
  draft.function = directory_name;
  for (const TomlEntry& entry : *entries) {
    if (Outcome<Done> taken = take(draft, entry, path); !taken) return taken.failure();
  }
  if (Outcome<Done> done = complete(draft.settings, path); !done) return done.failure();
  Outcome<FunctionName> name = FunctionName::parse(draft.service + '/' + draft.function);
  if (!name) return usage_failure(fmt::format("{}: {}", path, name.failure().message));
  return Manifest{std::move(*name), std::move(draft.settings)};
}

Outcome<Manifest> read_manifest(const std::string& directory) {
  const std::filesystem::path root = std::filesystem::absolute(directory).lexically_normal();
  const std::string last =
      root.has_filename() ? root.filename().string() : root.parent_path().filename().string();
  const std::string path = (root / "convoke.toml").string();
  Outcome<std::string> text = read_whole_file(path, kManifestBytesMax);
  if (!text) {
    return usage_failure(
        fmt::format("{}; it says how the function is to run, see convoke deploy --help",
                    text.failure().message));
  }
  return parse_manifest(*text, path, last);
}

}  // namespace convoke::cli
