// A custom domain's row in Redis (row_json.h).
#include <string>

#include "core/model/json_writer.h"
#include "core/registry/shared/row_json.h"
#include "core/registry/shared/row_reader.h"

namespace convoke::shared_registry {

std::string row_of(const CustomDomain& domain) {
  JsonWriter row;
  row.object().member("name", domain.name).member("routes", as_lines(domain.routes));
  row.member("created", to_ms(domain.created)).member("modified", to_ms(domain.modified));
  return row.member("etag", domain.etag).end().take();
}

Result<CustomDomain> domain_from(std::string_view text) {
  RowReader row("custom domain", text);
  CustomDomain domain;
  domain.name = row.text("name");
  domain.routes = routes_from_lines(row.text("routes"));
  domain.created = wall_from_ms(row.number<std::int64_t>("created"));
  domain.modified = wall_from_ms(row.number<std::int64_t>("modified"));
  domain.etag = row.text("etag");
  if (Result<void> verdict = row.verdict(); !verdict) return verdict.error();
  return domain;
}

}  // namespace convoke::shared_registry
