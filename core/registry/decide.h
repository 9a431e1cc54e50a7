// May this mutation happen, and what does it change? Pure: committed state in, a change out.
#pragma once

#include <cstdint>

#include "core/model/error.h"
#include "core/model/function.h"
#include "core/model/instant.h"
#include "core/registry/change.h"
#include "core/registry/directory.h"
#include "core/registry/mutation.h"
#include "core/registry/rules.h"

namespace convoke {

struct Stamp {
  std::uint64_t version = 0;  // of the change; also the id of what it creates, and its ETag
  WallTime now{};
};

// The change, or why not: names, limits, existence, If-Match, what must be empty. Code that came
// with the mutation is not looked at here: with_code() adds it once it is unpacked.
[[nodiscard]] Result<Change> decide(const Directory& committed, const Mutation& mutation,
                                    const Stamp& stamp, const InProcessHandlers& in_process);

// The same FunctionPut with this code, which it was decided to take.
[[nodiscard]] Change with_code(const Change& function_put, CodePackage code);

// The code that came with the mutation, still as base64; nullptr: none.
[[nodiscard]] const std::string* code_of(const Mutation& mutation);

}  // namespace convoke
