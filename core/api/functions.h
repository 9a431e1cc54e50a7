// Functions: from a request to what it asks for, from a function to its JSON. Pure.
#pragma once

#include <string>
#include <string_view>

#include "core/api/router.h"
#include "core/http/message.h"
#include "core/model/error.h"
#include "core/model/function.h"
#include "core/model/json_writer.h"
#include "core/registry/mutation.h"

namespace convoke {

[[nodiscard]] Result<Mutation> read_create_function(const Route& route, http::Request request);
[[nodiscard]] Result<Mutation> read_update_function(const Route& route, http::Request request);
[[nodiscard]] Mutation read_delete_function(const Route& route, const http::Request& request);

// `restriction`: see write_restriction().
void write_function(const Function& function, const KillSwitch* restriction, JsonWriter& writer);
void write_environment(const FunctionSpec& spec, JsonWriter& writer);
// `{"url", "checksum"}`: the url leads back to this engine, at the host the request was sent to.
[[nodiscard]] std::string code_location(const Function& function, std::string_view url);
[[nodiscard]] std::string code_path(const Function& function);  // where it can be had

}  // namespace convoke
