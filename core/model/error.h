// What can go wrong, as values nobody can drop.
//
// An Error carries Function Compute's ErrorCode, from which the one table in error.cc derives the
// name on the wire and the HTTP status, and a message that says what to do. Result<T> is a T or an
// Error. No exception crosses a callback.
#pragma once

#include <cassert>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "core/model/instant.h"

namespace convoke {

// Names and statuses: Function Compute 2016-08-15; those marked (ours) are this project's.
enum class ErrorCode {
  kInvalidArgument,
  kMissingRequiredHeader,
  kPathNotSupported,
  kEntityTooLarge,
  kLimitExceeded,
  kAccessDenied,
  kInvalidAccessKeyId,
  kSignatureNotMatch,
  kRequestTimeTooSkewed,  // ours
  kInvalidSecurityToken,  // ours
  kSecurityTokenExpired,  // ours
  kServiceNotFound,
  kFunctionNotFound,
  kAliasNotFound,
  kVersionNotFound,
  kOnDemandConfigNotFound,
  kAsyncConfigNotExists,
  kTriggerNotFound,
  kDomainNameNotFound,
  kCallNotFound,      // StatefulAsyncInvocationNotFound on the wire
  kClockNotVirtual,   // ours
  kMethodNotAllowed,  // ours
  kServiceAlreadyExists,
  kServiceNotEmpty,  // ours
  kFunctionAlreadyExists,
  kFunctionNotEmpty,
  kTriggerAlreadyExists,
  kDomainNameAlreadyExists,
  kCallAlreadyExists,  // StatefulAsyncInvocationAlreadyExists on the wire
  kConcurrentUpdateError,
  kPreconditionFailed,
  kCaExited,
  kCaFileNotFound,
  kCaFilePermission,
  kFunctionNotStarted,
  kResourceThrottled,
  kResourceExhausted,
  kAsyncInvocationStopped,
  kAsyncEventAgeExceeded,     // ours
  kInvocationTreeStopped,     // ours
  kRecursiveInvocation,       // ours
  kInvocationBudgetExceeded,  // ours
  kClientClosedRequest,
  kInternalServerError,
  kBadResponse,
  kServiceUnavailable,
};

struct ErrorTraits {
  std::string_view name;  // `ErrorCode` in the body
  int http_status;
};

[[nodiscard]] const ErrorTraits& traits_of(ErrorCode code);
// nullopt: none is called so.
[[nodiscard]] std::optional<ErrorCode> error_code_named(std::string_view name);

struct Error {
  ErrorCode code = ErrorCode::kInternalServerError;
  std::string message;
  std::optional<Seconds> retry_after = std::nullopt;  // becomes Retry-After where it is known

  [[nodiscard]] std::string_view name() const { return traits_of(code).name; }
  [[nodiscard]] int http_status() const { return traits_of(code).http_status; }
};

template <class T>
class [[nodiscard]] Result {
 public:
  // Implicit on purpose: `return value;` and `return Error{...};` are both how a Result is made.
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT

  [[nodiscard]] bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  [[nodiscard]] T& value() & { return *std::get_if<0>(&state_); }
  [[nodiscard]] const T& value() const& { return *std::get_if<0>(&state_); }
  [[nodiscard]] T&& value() && { return std::move(*std::get_if<0>(&state_)); }
  [[nodiscard]] T& operator*() & { return value(); }
  [[nodiscard]] const T& operator*() const& { return value(); }
  [[nodiscard]] T&& operator*() && { return std::move(*this).value(); }
  [[nodiscard]] T* operator->() { return &value(); }
  [[nodiscard]] const T* operator->() const { return &value(); }
  [[nodiscard]] const Error& error() const& { return *std::get_if<1>(&state_); }
  [[nodiscard]] Error&& error() && { return std::move(*std::get_if<1>(&state_)); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT: implicit, as above

  [[nodiscard]] bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  [[nodiscard]] const Error& error() const& { return *error_; }
  [[nodiscard]] Error&& error() && { return *std::move(error_); }

 private:
  std::optional<Error> error_;
};

// Our own bugs, checked in release builds too: prints the fact and ends the process.
[[noreturn]] void ensure_failed(const char* fact, const char* file, int line);
#define ENSURE(fact) \
  ((fact) ? static_cast<void>(0) : ::convoke::ensure_failed(#fact, __FILE__, __LINE__))

}  // namespace convoke
