#include "core/registry/shared/keys.h"

#include <fmt/format.h>

namespace convoke::shared_registry {

Keys::Keys(std::string_view prefix)
    : tag(fmt::format("{{{}:registry}}:", prefix)),
      version(tag + "version"),
      changes(tag + "changes"),
      services(tag + "services"),
      functions(tag + "functions"),
      limits(tag + "limits"),
      async_configs(tag + "async-configs"),
      triggers(tag + "triggers"),
      switches(tag + "kill-switches"),
      stopped_trees(tag + "stopped-trees"),
      domains(tag + "custom-domains"),
      engines(tag + "engines"),
      applied(tag + "applied"),
      committed(tag + "committed"),
      confirmed(tag + "confirmed"),
      absent(tag + "absent") {}

std::string Keys::code(std::string_view name) const { return fmt::format("{}code:{}", tag, name); }

}  // namespace convoke::shared_registry
