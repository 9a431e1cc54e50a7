// The recursion guard of one shard: judges by the rule that the function has now, counts, and says
// aloud what a rehearsal (RecursionMode::kWarn) would have refused.
//
// One shard's; its thread alone.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "core/edge/clock.h"
#include "core/guard/recursion.h"
#include "core/model/error.h"
#include "core/model/function.h"
#include "core/model/lineage.h"
#include "core/registry/directory.h"

namespace convoke {

class RecursionGuard {
 public:
  using Say = std::function<void(std::string_view)>;  // for an operator's eyes
  // Warnings are counted all, and said at most so often.
  static constexpr Seconds kSaidEvery{1};

  RecursionGuard(const Clock& clock, const Directory& directory, Say say)
      : clock_(clock), directory_(directory), say_(std::move(say)) {}

  // nullopt: the call may run. Otherwise RecursiveInvocation. A call that may run costs no
  // allocation.
  [[nodiscard]] std::optional<Error> refuses(const Function& function, const Lineage& lineage);

  [[nodiscard]] std::uint64_t refused() const { return refused_; }  // since start
  [[nodiscard]] std::uint64_t warned() const { return warned_; }

 private:
  [[nodiscard]] Error error_of(const Lineage& lineage, const RecursionRule& rule) const;
  void warn(const Lineage& lineage, const RecursionRule& rule);

  const Clock& clock_;
  const Directory& directory_;
  const Say say_;
  std::uint64_t refused_ = 0;
  std::uint64_t warned_ = 0;
  std::optional<Instant> said_;
};

}  // namespace convoke
