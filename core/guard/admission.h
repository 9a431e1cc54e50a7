// May this request be served at all? The ordered verdict, and its reason.
//
// The order, cheapest and least telling first: where it comes from (no web page may deploy code),
// who asks (authentication), and then, for an invocation, what its headers order. What
// depends on the engine's state at the moment of the start (limits, the kill switch) is decided by
// the dispatcher, when the call meets its slot.
//
// Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/http/message.h"
#include "core/model/error.h"
#include "core/model/function.h"

namespace convoke {

// Who asks. Anonymous where authentication is off.
struct Principal {
  std::string account_id;
  bool anonymous = true;
};

// The place of signature checking: given the head of a request, says who asks or why not.
class Authenticator {
 public:
  virtual ~Authenticator() = default;
  [[nodiscard]] virtual bool enabled() const = 0;
  [[nodiscard]] virtual Result<Principal> authenticate(const http::RequestHead& head) const = 0;
};

// Authentication off: everybody is anonymous, and the engine must be on loopback.
class Anonymous final : public Authenticator {
 public:
  [[nodiscard]] bool enabled() const override { return false; }
  [[nodiscard]] Result<Principal> authenticate(const http::RequestHead&) const override {
    return Principal{};
  }
};

// By what name the engine was addressed.
enum class Addressed : std::uint8_t {
  kByAnyName,
  kByOurName,  // a custom domain: no DNS name that was rebound to us
};

// Without authentication: AccessDenied for a Host that is neither ours nor a loopback name or
// address (a DNS name rebound to us), and for anything a browser sends on behalf of a page (Origin,
// Sec-Fetch-Site).
[[nodiscard]] Result<Principal> admit_request(const http::RequestHead& head,
                                              const Authenticator& authenticator,
                                              Addressed addressed = Addressed::kByAnyName);

// What an invocation asks for, as its headers say.
struct InvocationOrder {
  bool asynchronous = false;
  bool wants_log_tail = false;
  Seconds delay{0};  // X-Fc-Async-Delay, or X-Convoke-Async-Delay
  std::string name;  // X-Fc-Stateful-Async-Invocation-Id
  // Prefer: wait=N (RFC 7240). Such a call is asynchronous and stateful from the start; its answer
  // waits for its end, for so long at most.
  std::optional<Seconds> wait;
};
inline constexpr Seconds kWaitMax{3600};                           // a longer one is cut to this
inline constexpr Seconds kAsyncDelayMax{3600};                     // by Function Compute's header
inline constexpr Seconds kConvokeAsyncDelayMax = kAsyncAgeMaxMax;  // by ours
inline constexpr std::size_t kInvocationNameMax = 128;

[[nodiscard]] Result<InvocationOrder> read_order(const http::Headers& headers);

}  // namespace convoke
