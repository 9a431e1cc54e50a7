#include <fmt/core.h>

#include <memory>
#include <utility>

#include "core/registry/decision.h"
#include "core/registry/domain_rules.h"
#include "core/registry/resolve.h"

namespace convoke::decision {
namespace {

// A function may go later: requests are told then.
Result<void> check_functions(const Context& context, const CustomDomain& domain) {
  for (const DomainRoute& route : domain.routes) {
    const Result<FunctionPtr> meant =
        resolve_function(context.committed, route.service, route.qualifier, route.function);
    if (!meant) return meant.error();
  }
  return {};
}

Result<Change> put(const Context& context, const DomainFields& fields, CustomDomain domain) {
  domain.modified = context.stamp.now;
  domain.etag = etag_of(context);
  if (Result<void> applied = apply_fields(fields, domain); !applied) return applied.error();
  if (fields.routes) {
    if (Result<void> there = check_functions(context, domain); !there) return there.error();
  }
  return change_of(context, DomainPut{std::make_shared<const CustomDomain>(std::move(domain))});
}

}  // namespace

Result<Change> decide_one(const Context& context, const CreateDomain& create) {
  if (Result<void> right = check_domain_name(create.name); !right) return right.error();
  if (context.committed.find_domain(create.name))
    return Error{ErrorCode::kDomainNameAlreadyExists,
                 fmt::format("domain name {} already exists", create.name)};
  if (Result<void> room =
          check_room("custom domains", context.committed.domains(), kCustomDomainsMax);
      !room)
    return room.error();
  CustomDomain domain;
  domain.name = create.name;
  domain.created = context.stamp.now;
  return put(context, create.fields, std::move(domain));
}

Result<Change> decide_one(const Context& context, const UpdateDomain& update) {
  const Result<DomainPtr> found = resolve_domain(context.committed, update.name);
  if (!found) return found.error();
  if (Result<void> met = check_if_match(update.if_match, (*found)->etag); !met) return met.error();
  return put(context, update.fields, **found);
}

Result<Change> decide_one(const Context& context, const DeleteDomain& gone) {
  const Result<DomainPtr> found = resolve_domain(context.committed, gone.name);
  if (!found) return found.error();
  if (Result<void> met = check_if_match(gone.if_match, (*found)->etag); !met) return met.error();
  return change_of(context, DomainGone{(*found)->name});
}

}  // namespace convoke::decision
