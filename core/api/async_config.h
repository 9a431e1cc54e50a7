// Async-invoke configs, between JSON and the registry's values. Pure.
//
// Members: destinationConfig {onSuccess, onFailure: {destination}}, maxAsyncEventAgeInSeconds,
// maxAsyncRetryAttempts, statefulInvocation, allowLoop (ours). A PUT merges into what there is.
// Members that are not set are shown as null; a destination is taken away by an empty text (ours).
#pragma once

#include "core/api/router.h"
#include "core/http/message.h"
#include "core/model/error.h"
#include "core/model/json_writer.h"
#include "core/registry/definitions.h"
#include "core/registry/directory.h"
#include "core/registry/mutation.h"

namespace convoke {

[[nodiscard]] Result<Mutation> read_put_async_config(const Route& route, http::Request request);
[[nodiscard]] Mutation read_delete_async_config(const Route& route);

void write_async_config(const AsyncConfig& config, JsonWriter& writer);

// `{"configs": [...], "nextToken": "..."}`, unlike other lists: nextToken is the next qualifier and
// "" on the last page, and `configs` is null where there are none [py, java].
[[nodiscard]] http::Response list_async_configs_answer(const Page<AsyncConfigPtr>& page);

}  // namespace convoke
