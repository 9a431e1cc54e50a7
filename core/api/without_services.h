// Of Function Compute's API of 2023-03-30, what its kill switch needs: a function, whether it may
// be invoked, and its reserved concurrency. Pure.
//
// That API has no services. Its functions are those of the service `default` (ours): the one that
// the command line means by a bare name, so that both speak of the same function. A function of
// another service has no name there.
//
// reservedConcurrency counts calls in progress, maximumInstanceCount instances. Either is the other
// times instanceConcurrency: of a function that takes several calls in an instance, only a multiple
// of that can be reserved.
#pragma once

#include "core/api/router.h"
#include "core/http/message.h"
#include "core/model/error.h"
#include "core/model/json_writer.h"
#include "core/registry/directory.h"
#include "core/registry/mutation.h"

namespace convoke {

// FunctionNotFound; VersionNotFound, AliasNotFound: of the query's `qualifier`.
[[nodiscard]] Result<FunctionPtr> function_without_service(const Directory& directory,
                                                           const Route& route,
                                                           const http::Request& request);
[[nodiscard]] Result<Mutation> read_put_concurrency(const Directory& directory, const Route& route,
                                                    http::Request request);

// Members that 2023-03-30 names as 2016-08-15 does are as there.
void write_function_without_service(const Directory& directory, const Function& function,
                                    JsonWriter& writer);
[[nodiscard]] http::Response concurrency_answer(const Directory& directory,
                                                const OnDemandLimit& limit);

}  // namespace convoke
