// A kill switch: what stops a function, all functions of a service, or everything, until it is
// lifted. It stands beside the limits of functions, so that lifting it leaves them as they were.
//
// Values, immutable once they are in a Change: shared by all shards.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/model/ids.h"
#include "core/model/instant.h"

namespace convoke {

// Ours.
inline constexpr std::size_t kSwitchReasonBytesMax = 1024;
inline constexpr std::size_t kSwitchByBytesMax = 256;
inline constexpr Seconds kSwitchLastsMax{366LL * 86'400};  // of one that lifts itself
inline constexpr Seconds kRampMax{86'400};

// What a switch is for. One per scope; a function is stopped while any that covers it is on.
struct SwitchScope {
  std::string service;   // "": everything
  std::string function;  // "": every function of the service, those to come included

  // "SERVICE/FUNCTION", "SERVICE/", "/".
  [[nodiscard]] std::string text() const { return service + '/' + function; }
  [[nodiscard]] bool covers(std::string_view of_service, std::string_view name) const {
    return service.empty() || (service == of_service && (function.empty() || function == name));
  }
  friend bool operator==(const SwitchScope&, const SwitchScope&) = default;
};

struct KillSwitch {
  SwitchScope scope;
  FunctionId function_id;     // of a switch for one function, with which it ends
  std::uint64_t version = 0;  // of the change that set it
  // false: it was lifted, and its functions are let out gradually, from `since` to `until`.
  bool disabled = true;
  bool aborts = false;         // what runs is ended; else it goes on to its end
  bool refuses_async = false;  // else asynchronous calls are accepted and wait
  std::string reason;          // in the words of whoever set it
  std::string by;              // who that was; "": nobody knows
  WallTime since{};
  std::optional<WallTime> until;  // it ends by itself then

  friend bool operator==(const KillSwitch&, const KillSwitch&) = default;
};
using SwitchPtr = std::shared_ptr<const KillSwitch>;

// Orders scopes; a scope is found by a pair of views.
struct ScopeLess {
  using is_transparent = void;
  using View = std::pair<std::string_view, std::string_view>;  // service, function
  static View view(const SwitchScope& scope) { return {scope.service, scope.function}; }
  static View view(const View& scope) { return scope; }
  template <class A, class B>
  bool operator()(const A& a, const B& b) const {
    return view(a) < view(b);
  }
};

}  // namespace convoke
