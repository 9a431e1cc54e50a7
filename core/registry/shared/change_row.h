// A change as it stands in the log of changes: what kind it is, and a row. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/model/error.h"
#include "core/registry/change.h"
#include "core/registry/directory.h"

namespace convoke::shared_registry {

struct ChangeRow {
  std::string kind;  // "function", "function-gone", ...
  std::string row;   // the definition's row (row_json.h), or what names the one that is gone
};

[[nodiscard]] ChangeRow row_of(const Change& change);
// InternalServerError: it was written by hand, or by a newer program.
[[nodiscard]] Result<Change> change_from(std::uint64_t version, std::string_view kind,
                                         std::string_view row, const std::string& code_directory);
// Whether the change can be applied there: what it needs is there, what it ends is not needed.
// Only what was changed by hand does not.
[[nodiscard]] bool fits(const Directory& directory, const Change& change);

}  // namespace convoke::shared_registry
