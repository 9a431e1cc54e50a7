// The table kill_switches of registry.db (core/registry/schema.h): its rows read and written.
//
// Blocking; runs on the registry's IoThread, inside the store's transaction.
#pragma once

#include <vector>

#include "core/registry/change.h"
#include "core/sqlite/sqlite.h"

namespace convoke::kill_switch_table {

[[nodiscard]] sqlite::Failure load(sqlite::Database& database, std::vector<KillSwitch>& switches);

[[nodiscard]] sqlite::Failure write(sqlite::Database& database, const SwitchPut& put);
[[nodiscard]] sqlite::Failure write(sqlite::Database& database, const SwitchGone& gone);

}  // namespace convoke::kill_switch_table
