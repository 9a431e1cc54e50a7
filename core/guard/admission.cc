#include "core/guard/admission.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "core/edge/wires.h"
#include "core/http/url.h"
#include "core/model/trimmed.h"
#include "core/registry/shown.h"

namespace convoke {
namespace {

bool is_loopback_host(std::string_view host) {
  const std::string_view name = host_without_port(host);
  if (http::equal_ignoring_case(name, "localhost")) return true;
  const Address address{Address::Kind::kTcp, std::string(name), 0};
  return address.is_loopback();
}

Result<void> refuse_web_pages(const http::Headers& headers, Addressed addressed) {
  if (addressed == Addressed::kByAnyName && !is_loopback_host(headers.get("Host"))) {
    return Error{ErrorCode::kAccessDenied,
                 "the Host header names no loopback address: without authentication this engine "
                 "serves 127.0.0.1, [::1] and localhost alone"};
  }
  for (const std::string_view sent_by_browsers : {"Origin", "Sec-Fetch-Site"}) {
    if (headers.find(sent_by_browsers) == nullptr) continue;
    return Error{ErrorCode::kAccessDenied,
                 fmt::format("a request with the header {} comes from a web page, which may not "
                             "use an engine without authentication",
                             sent_by_browsers)};
  }
  return {};
}

Result<bool> one_of_two(const http::Headers& headers, std::string_view header,
                        std::string_view what, std::string_view no, std::string_view yes) {
  const std::string_view value = headers.get(header);
  if (value.empty() || http::equal_ignoring_case(value, no)) return false;
  if (http::equal_ignoring_case(value, yes)) return true;
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("{} is set to an invalid value (allowed: {} | {}, actual: '{}')", what,
                           yes, no, value)};
}

Result<Seconds> read_delay(std::string_view header, std::string_view text, Seconds max) {
  if (text.empty()) return Seconds{0};
  std::int64_t seconds = -1;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  const bool whole = failure == std::errc{} && end == text.data() + text.size();
  if (whole && seconds >= 0 && seconds <= max.count()) return Seconds{seconds};
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("{} takes whole seconds from 0 to {} (actual: '{}')", header,
                           max.count(), shown(text))};
}

// Function Compute's header, or ours for delays that it does not take.
Result<Seconds> read_delay(const http::Headers& headers) {
  constexpr std::string_view kTheirs = "X-Fc-Async-Delay";
  constexpr std::string_view kOurs = "X-Convoke-Async-Delay";
  const std::string_view ours = headers.get(kOurs);
  const std::string_view theirs = headers.get(kTheirs);
  if (!ours.empty() && !theirs.empty()) {
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("{} and {} both say when to run the call: send one", kTheirs, kOurs)};
  }
  return ours.empty() ? read_delay(kTheirs, theirs, kAsyncDelayMax)
                      : read_delay(kOurs, ours, kConvokeAsyncDelayMax);
}

// A preference that is not understood is ignored, as RFC 7240 has it.
std::optional<Seconds> read_wait(std::string_view preferences) {
  constexpr std::string_view kWait = "wait=";
  while (!preferences.empty()) {
    const std::size_t comma = std::min(preferences.find(','), preferences.size());
    std::string_view one = trimmed(preferences.substr(0, comma));
    preferences.remove_prefix(std::min(comma + 1, preferences.size()));
    if (!one.starts_with(kWait)) continue;
    one.remove_prefix(kWait.size());
    std::uint32_t seconds = 0;
    const auto [end, failure] = std::from_chars(one.data(), one.data() + one.size(), seconds);
    if (failure == std::errc{} && end == one.data() + one.size()) {
      return std::min(Seconds{seconds}, kWaitMax);
    }
  }
  return std::nullopt;
}

bool is_name(std::string_view text) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  const auto inner = [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '-'; };
  return !text.empty() && text.size() <= kInvocationNameMax && letter(text.front()) &&
         std::all_of(text.begin(), text.end(), inner);
}

}  // namespace

Result<Principal> admit_request(const http::RequestHead& head, const Authenticator& authenticator,
                                Addressed addressed) {
  if (!authenticator.enabled()) {
    if (auto local = refuse_web_pages(head.headers, addressed); !local) return local.error();
  }
  return authenticator.authenticate(head);
}

Result<InvocationOrder> read_order(const http::Headers& headers) {
  InvocationOrder order;
  auto async = one_of_two(headers, "X-Fc-Invocation-Type", "InvocationType", "Sync", "Async");
  if (!async) return async.error();
  order.wait = read_wait(headers.get("Prefer"));
  order.asynchronous = *async || order.wait.has_value();

  auto tail = one_of_two(headers, "X-Fc-Log-Type", "LogType", "None", "Tail");
  if (!tail) return tail.error();
  order.wants_log_tail = *tail;
  if (order.asynchronous && order.wants_log_tail) {
    return Error{ErrorCode::kInvalidArgument,
                 "LogType is set to an invalid value (allowed: None, actual: 'Tail')"};
  }

  auto delay = read_delay(headers);
  if (!delay) return delay.error();
  order.delay = *delay;

  order.name = headers.get("X-Fc-Stateful-Async-Invocation-Id");
  if (!order.name.empty() && !is_name(order.name)) {
    return Error{ErrorCode::kInvalidArgument,
                 "X-Fc-Stateful-Async-Invocation-Id takes letters, digits, '_' and '-', begins "
                 "with a letter or '_', and has at most 128 characters"};
  }
  return order;
}

}  // namespace convoke
