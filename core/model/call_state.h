// The states of an invocation, as users see them, and every legal move between them.
//
//             +--------- given back, lost ---------+
//             v                                    |
//   Enqueued ---> Dequeued ---> Running ---> Succeeded | Failed
//      ^  |          |  |          |
//      |  |          |  +----------+---> Retrying --(due)--> Dequeued
//      |  |          |             |        |
//      |  +----------+--(stop)--> Stopping ---> Stopped
//      +--(delayed calls wait here too)
//
// Whatever has not ended can also become Stopped, Expired (aged out) or Invalid (function gone).
// Names and meaning: Function Compute's stateful asynchronous invocation.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace convoke {

enum class CallState : std::uint8_t {  // on disk: never renumber
  kEnqueued = 0,
  kDequeued = 1,
  kRunning = 2,
  kRetrying = 3,
  kSucceeded = 4,
  kFailed = 5,
  kStopping = 6,
  kStopped = 7,
  kExpired = 8,
  kInvalid = 9,
};
inline constexpr std::size_t kCallStates = 10;

namespace call_state_detail {

constexpr std::uint16_t bit(CallState state) {
  return static_cast<std::uint16_t>(1U << static_cast<unsigned>(state));
}

template <class... States>
constexpr std::uint16_t any_of(States... states) {
  return static_cast<std::uint16_t>((0U | ... | bit(states)));
}

inline constexpr std::array<std::uint16_t, kCallStates> kNext = {
    /* Enqueued  */ any_of(CallState::kDequeued, CallState::kStopped, CallState::kExpired,
                           CallState::kInvalid),
    /* Dequeued  */
    any_of(CallState::kRunning, CallState::kEnqueued, CallState::kRetrying, CallState::kFailed,
           CallState::kStopping, CallState::kStopped, CallState::kExpired, CallState::kInvalid),
    /* Running   */
    any_of(CallState::kSucceeded, CallState::kFailed, CallState::kRetrying, CallState::kEnqueued,
           CallState::kStopping, CallState::kExpired),
    /* Retrying  */
    any_of(CallState::kDequeued, CallState::kStopped, CallState::kExpired, CallState::kInvalid),
    /* Succeeded */ any_of(),
    /* Failed    */ any_of(),
    /* Stopping  */ any_of(CallState::kStopped, CallState::kSucceeded, CallState::kFailed),
    /* Stopped   */ any_of(),
    /* Expired   */ any_of(),
    /* Invalid   */ any_of(),
};

}  // namespace call_state_detail

[[nodiscard]] constexpr bool may_follow(CallState from, CallState to) {
  return (call_state_detail::kNext[static_cast<std::size_t>(from)] & call_state_detail::bit(to)) !=
         0;
}

[[nodiscard]] constexpr bool has_ended(CallState state) {
  return call_state_detail::kNext[static_cast<std::size_t>(state)] == 0;
}

[[nodiscard]] constexpr std::string_view name_of(CallState state) {
  constexpr std::array<std::string_view, kCallStates> kNames = {
      "Enqueued", "Dequeued", "Running", "Retrying", "Succeeded",
      "Failed",   "Stopping", "Stopped", "Expired",  "Invalid"};
  return kNames[static_cast<std::size_t>(state)];
}

}  // namespace convoke
