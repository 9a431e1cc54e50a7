// Custom domains, between JSON and the registry's values. Pure.
//
// Members: domainName, protocol, routeConfig: {routes: [{path, serviceName, functionName,
// qualifier, methods}]}; of 2023-03-30 the same without serviceName. What the original has besides
// and this engine does not do (certificates, rewriting, authentication, a firewall) is refused, not
// ignored: a client would take it to be done. A routeConfig in a PUT replaces the one there is as a
// whole.
#pragma once

#include <string>

#include "core/api/router.h"
#include "core/http/message.h"
#include "core/model/error.h"
#include "core/registry/directory.h"
#include "core/registry/mutation.h"

namespace convoke {

[[nodiscard]] Result<Mutation> read_create_domain(const Route& route, http::Request request);
[[nodiscard]] Result<Mutation> read_update_domain(const Route& route, http::Request request);
[[nodiscard]] Mutation read_delete_domain(const Route& route, const http::Request& request);

// How a client of this operation is shown domains.
struct DomainView {
  std::string account_id;
  const OperationRow& row;
};
[[nodiscard]] http::Response domain_answer(const CustomDomain& domain, const DomainView& view);
[[nodiscard]] http::Response list_domains_answer(const Page<DomainPtr>& page,
                                                 const DomainView& view);

}  // namespace convoke
