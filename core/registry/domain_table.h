// The table custom_domains of registry.db (core/registry/schema.h): its rows read and written.
//
// Blocking; runs on the registry's IoThread, inside the store's transaction.
#pragma once

#include <vector>

#include "core/registry/change.h"
#include "core/sqlite/sqlite.h"

namespace convoke::domain_table {

[[nodiscard]] sqlite::Failure load(sqlite::Database& database, std::vector<CustomDomain>& domains);

[[nodiscard]] sqlite::Failure write(sqlite::Database& database, const DomainPut& put);
[[nodiscard]] sqlite::Failure write(sqlite::Database& database, const DomainGone& gone);

}  // namespace convoke::domain_table
