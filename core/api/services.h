// Services: from a request to what it asks for, from a service to its JSON. Pure.
#pragma once

#include "core/api/router.h"
#include "core/http/message.h"
#include "core/model/error.h"
#include "core/model/json_writer.h"
#include "core/registry/definitions.h"
#include "core/registry/mutation.h"

namespace convoke {

[[nodiscard]] Result<Mutation> read_create_service(http::Request request);
[[nodiscard]] Result<Mutation> read_update_service(const Route& route, http::Request request);
[[nodiscard]] Mutation read_delete_service(const Route& route, const http::Request& request);

void write_service(const Service& service, JsonWriter& writer);

}  // namespace convoke
