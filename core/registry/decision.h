// What decisions share: what they are made on, and checks that several make. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "core/model/error.h"
#include "core/registry/change.h"
#include "core/registry/decide.h"
#include "core/registry/directory.h"
#include "core/registry/mutation.h"

namespace convoke::decision {

struct Context {
  const Directory& committed;
  const Stamp& stamp;
  const InProcessHandlers& in_process;
};

template <class What>
[[nodiscard]] Change change_of(const Context& context, What what) {
  return Change{context.stamp.version, std::move(what)};
}

[[nodiscard]] inline std::string etag_of(const Context& context) {
  return std::to_string(context.stamp.version);
}

// PreconditionFailed.
[[nodiscard]] Result<void> check_if_match(const IfMatch& if_match, const std::string& etag);
// LimitExceeded; `what` in the plural.
[[nodiscard]] Result<void> check_room(std::string_view what, std::size_t count, std::size_t max);

// InvalidArgument: a text that somebody wrote for others to read is longer than that.
[[nodiscard]] Result<void> check_text(std::string_view member, std::size_t bytes, std::size_t max);

// Of triggers (decide_trigger.cc).
[[nodiscard]] Result<Change> decide_one(const Context& context, const CreateTrigger& create);
[[nodiscard]] Result<Change> decide_one(const Context& context, const UpdateTrigger& update);
[[nodiscard]] Result<Change> decide_one(const Context& context, const PauseTrigger& pause);
[[nodiscard]] Result<Change> decide_one(const Context& context, const DeleteTrigger& gone);

// Of trees (decide_tree.cc).
[[nodiscard]] Result<Change> decide_one(const Context& context, const StopTree& stop);
// Of custom domains (decide_domain.cc).
[[nodiscard]] Result<Change> decide_one(const Context& context, const CreateDomain& create);
[[nodiscard]] Result<Change> decide_one(const Context& context, const UpdateDomain& update);
[[nodiscard]] Result<Change> decide_one(const Context& context, const DeleteDomain& gone);

}  // namespace convoke::decision
