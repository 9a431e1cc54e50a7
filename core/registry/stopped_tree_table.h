// The table stopped_trees of registry.db (core/registry/schema.h): its rows read and written.
//
// Blocking; runs on the registry's IoThread, inside the store's transaction.
#pragma once

#include <vector>

#include "core/registry/change.h"
#include "core/sqlite/sqlite.h"

namespace convoke::stopped_tree_table {

[[nodiscard]] sqlite::Failure load(sqlite::Database& database, std::vector<StoppedTree>& trees);

// Those whose time is over go with it.
[[nodiscard]] sqlite::Failure write(sqlite::Database& database, const TreeStopped& stopped);
[[nodiscard]] sqlite::Failure write(sqlite::Database& database, const TreeForgotten& forgotten);

}  // namespace convoke::stopped_tree_table
