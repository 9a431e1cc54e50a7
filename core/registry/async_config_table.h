// The table async_configs of registry.db (core/registry/schema.h): its rows read and written.
//
// Blocking; runs on the registry's IoThread, inside the store's transaction.
#pragma once

#include <map>
#include <vector>

#include "core/model/function.h"
#include "core/registry/change.h"
#include "core/registry/definitions.h"
#include "core/sqlite/sqlite.h"

namespace convoke::async_config_table {

// All rows, of the functions that they belong to. A destination that cannot be read is
// SQLITE_CORRUPT: it was right when it was written.
[[nodiscard]] sqlite::Failure load(sqlite::Database& database,
                                   const std::map<FunctionId, Function>& functions,
                                   std::vector<AsyncConfig>& configs);

[[nodiscard]] sqlite::Failure write(sqlite::Database& database, const AsyncConfigPut& put);
[[nodiscard]] sqlite::Failure write(sqlite::Database& database, const AsyncConfigGone& gone);

}  // namespace convoke::async_config_table
