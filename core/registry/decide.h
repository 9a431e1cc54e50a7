// May this mutation happen, and what does it change? Pure: committed state in, a change out.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "core/model/error.h"
#include "core/model/function.h"
#include "core/model/instant.h"
#include "core/registry/change.h"
#include "core/registry/directory.h"
#include "core/registry/mutation.h"

namespace convoke {

// Whether the embedding program has registered an in-process handler by this name.
using InProcessHandlers = std::function<bool(std::string_view handler)>;

struct Stamp {
  std::uint64_t version = 0;  // of the change; also the id of what it creates, and its ETag
  WallTime now{};
};

// The change, or why not: names, limits, existence, If-Match, what must be empty. Code that came
// with the mutation is not looked at here: with_code() adds it once it is unpacked.
[[nodiscard]] Result<Change> decide(const Directory& committed, const Mutation& mutation,
                                    const Stamp& stamp, const InProcessHandlers& in_process);

// The same FunctionPut with this code, as a revision that instances notice.
[[nodiscard]] Change with_code(const Change& function_put, CodePackage code);

}  // namespace convoke
