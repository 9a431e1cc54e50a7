// The table triggers of registry.db (core/registry/schema.h): its rows read and written.
//
// Blocking; runs on the registry's IoThread, inside the store's transaction.
#pragma once

#include <map>
#include <vector>

#include "core/model/function.h"
#include "core/registry/change.h"
#include "core/registry/trigger.h"
#include "core/sqlite/sqlite.h"

namespace convoke::trigger_table {

// All rows, of the functions that they belong to. A kind that this program does not know is
// SQLITE_CORRUPT.
[[nodiscard]] sqlite::Failure load(sqlite::Database& database,
                                   const std::map<FunctionId, Function>& functions,
                                   std::vector<Trigger>& triggers);

[[nodiscard]] sqlite::Failure write(sqlite::Database& database, const TriggerPut& put);
[[nodiscard]] sqlite::Failure write(sqlite::Database& database, const TriggerGone& gone);

}  // namespace convoke::trigger_table
