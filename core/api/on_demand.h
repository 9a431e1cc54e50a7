// On-demand configs (limits on instances): from a request to what it asks for, and back. Pure.
#pragma once

#include "core/api/router.h"
#include "core/http/message.h"
#include "core/model/error.h"
#include "core/model/json_writer.h"
#include "core/registry/definitions.h"
#include "core/registry/directory.h"
#include "core/registry/mutation.h"

namespace convoke {

[[nodiscard]] Result<Mutation> read_put_limit(const Route& route, http::Request request);
[[nodiscard]] Mutation read_delete_limit(const Route& route);

// OnDemandConfigNotFound, or the 404 of what it would belong to.
[[nodiscard]] Result<LimitPtr> find_limit(const Directory& directory, const Route& route);
void write_limit(const OnDemandLimit& limit, JsonWriter& writer);

}  // namespace convoke
