#include "core/api/domains.h"

#include <fmt/core.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/api/answers.h"
#include "core/api/fields.h"

namespace convoke {
namespace {

void refuse(FieldReader& reader, std::string_view what) {
  reader.fail({ErrorCode::kInvalidArgument,
               fmt::format("{} of custom domains is not offered by this engine: put a proxy that "
                           "does it in front, or leave it out",
                           what)});
}

void read_route(FieldReader& reader, const std::string& service, std::vector<DomainRoute>& routes) {
  std::optional<std::string> path, named, function, qualifier;
  std::optional<std::vector<std::string>> methods;
  reader.text("path", path);
  reader.text("serviceName", named);
  reader.text("functionName", function);
  reader.text("qualifier", qualifier);
  reader.list("methods", methods);
  reader.object("rewriteConfig", [](FieldReader& rules) {
    for (const std::string_view kind : {"equalRules", "regexRules", "wildcardRules"})
      rules.objects(kind,
                    [](FieldReader& rule) { refuse(rule, "routeConfig.routes.rewriteConfig"); });
  });
  routes.push_back({path.value_or(""), named.value_or(service), qualifier.value_or(""),
                    function.value_or(""), methods.value_or(std::vector<std::string>())});
}

void read_routes(FieldReader& body, const std::string& service, DomainFields& fields) {
  body.object("routeConfig", [&](FieldReader& config) {
    std::vector<DomainRoute> routes;
    config.objects("routes", [&](FieldReader& route) { read_route(route, service, routes); });
    fields.routes = std::move(routes);
  });
}

void refuse_certificate(FieldReader& body) {
  body.object("certConfig", [](FieldReader& config) {
    for (const std::string_view member : {"certName", "certificate", "privateKey"}) {
      std::optional<std::string> text;
      config.text(member, text);
      if (text && !text->empty()) refuse(config, "certConfig");
    }
  });
}

void refuse_what_is_not_offered(FieldReader& body) {
  refuse_certificate(body);
  body.object("authConfig", [](FieldReader& config) {
    std::optional<std::string> type;
    config.text("authType", type);
    if (type && !type->empty() && *type != "anonymous") refuse(config, "authConfig");
  });
  body.object("wafConfig", [](FieldReader& config) {
    std::optional<bool> enabled;
    config.boolean("enableWAF", enabled);
    if (enabled.value_or(false)) refuse(config, "wafConfig");
  });
}

// `service`: of routes that name none; "" where they must.
DomainFields read_fields(FieldReader& body, const std::string& service) {
  DomainFields fields;
  body.text("protocol", fields.protocol);
  read_routes(body, service, fields);
  refuse_what_is_not_offered(body);
  return fields;
}

void write_route(const DomainRoute& route, bool without_services, JsonWriter& writer) {
  writer.object().member("path", route.path);
  if (!without_services || route.service != kServiceOfBareNames)
    writer.member("serviceName", route.service);
  writer.member("functionName", route.function).member("qualifier", route.qualifier);
  writer.key("methods").array();
  for (const std::string& method : route.methods) writer.text(method);
  writer.end().end();
}

void write_domain(const CustomDomain& domain, const DomainView& view, JsonWriter& writer) {
  const bool without_services = is_without_services(view.row);
  writer.object()
      .member("accountId", view.account_id)
      .member("apiVersion", without_services ? "2023-03-30" : "2016-08-15")
      .member("domainName", domain.name)
      .member("protocol", "HTTP");
  writer.key("routeConfig").object().key("routes").array();
  for (const DomainRoute& route : domain.routes) write_route(route, without_services, writer);
  writer.end().end();
  writer.key("certConfig").object();
  writer.key("certName").null().key("certificate").null().key("privateKey").null().end();
  writer.member("createdTime", rfc3339(domain.created))
      .member("lastModifiedTime", rfc3339(domain.modified))
      .end();
}

}  // namespace

Result<Mutation> read_create_domain(const Route& route, http::Request request) {
  Result<Json> body = Json::parse_object(std::move(request.body));
  if (!body) return body.error();
  FieldReader reader(*body);
  std::optional<std::string> name;
  reader.text("domainName", name);
  DomainFields fields = read_fields(reader, route.service);
  if (Result<void> read = reader.outcome(); !read) return read.error();
  return Mutation(CreateDomain{name.value_or(""), std::move(fields)});
}

Result<Mutation> read_update_domain(const Route& route, http::Request request) {
  UpdateDomain update{route.domain, {}, if_match_of(request)};
  Result<Json> body = Json::parse_object(std::move(request.body));
  if (!body) return body.error();
  FieldReader reader(*body);
  update.fields = read_fields(reader, route.service);
  if (Result<void> read = reader.outcome(); !read) return read.error();
  return Mutation(std::move(update));
}

Mutation read_delete_domain(const Route& route, const http::Request& request) {
  return DeleteDomain{route.domain, if_match_of(request)};
}

http::Response domain_answer(const CustomDomain& domain, const DomainView& view) {
  JsonWriter writer;
  write_domain(domain, view, writer);
  return json_answer(writer.take(), domain.etag);
}

http::Response list_domains_answer(const Page<DomainPtr>& page, const DomainView& view) {
  return list_answer("customDomains", page,
                     [&view](const CustomDomain& domain, JsonWriter& writer) {
                       write_domain(domain, view, writer);
                     });
}

}  // namespace convoke
