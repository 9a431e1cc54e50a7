// What has to change for a directory to hold exactly these rows. Pure.
#pragma once

#include <string>
#include <vector>

#include "core/model/error.h"
#include "core/registry/change.h"
#include "core/registry/directory.h"
#include "core/registry/shared/rows.h"

namespace convoke::shared_registry {

// Changes with the rows' version, to be applied in this order. InternalServerError: a row cannot be
// read, or stands without what it belongs to.
[[nodiscard]] Result<std::vector<Change>> difference(const Directory& known, const Rows& rows,
                                                     const std::string& code_directory);

}  // namespace convoke::shared_registry
