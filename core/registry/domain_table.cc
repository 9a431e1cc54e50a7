#include "core/registry/domain_table.h"

#include <string>
#include <string_view>

namespace convoke::domain_table {

using sqlite::Failure;
using sqlite::Statement;

Failure load(sqlite::Database& database, std::vector<CustomDomain>& domains) {
  return database.for_each_row(
      [&](const Statement& row) {
        domains.push_back({row.text(0), routes_from_lines(row.text(1)),
                           wall_from_ms(row.integer(2)), wall_from_ms(row.integer(3)),
                           row.text(4)});
      },
      "SELECT name, routes, created_ms, modified_ms, etag FROM custom_domains");
}

Failure write(sqlite::Database& database, const DomainPut& put) {
  const CustomDomain& domain = *put.domain;
  const std::string routes = as_lines(domain.routes);
  return database.run("INSERT OR REPLACE INTO custom_domains VALUES(?,?,?,?,?)",
                      std::string_view(domain.name), std::string_view(routes),
                      to_ms(domain.created), to_ms(domain.modified), std::string_view(domain.etag));
}

Failure write(sqlite::Database& database, const DomainGone& gone) {
  return database.run("DELETE FROM custom_domains WHERE name = ?", std::string_view(gone.name));
}

}  // namespace convoke::domain_table
