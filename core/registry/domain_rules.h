// What a custom domain may say. Pure.
//
// Every error is InvalidArgument and names the member, what is allowed and what was sent.
#pragma once

#include <string_view>

#include "core/model/error.h"
#include "core/registry/custom_domain.h"
#include "core/registry/mutation.h"

namespace convoke {

// A DNS name in lower case with a dot in it: no address, and not localhost, by which the API is
// reached.
[[nodiscard]] Result<void> check_domain_name(std::string_view name);
// Sets what was sent. Routes replace those there are as a whole.
[[nodiscard]] Result<void> apply_fields(const DomainFields& fields, CustomDomain& domain);

}  // namespace convoke
