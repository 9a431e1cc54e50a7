#include "core/model/error.h"

#include <array>
#include <cstdio>
#include <cstdlib>

namespace convoke {
namespace {

struct Row {
  ErrorCode code;
  ErrorTraits traits;
};

// In the order of the enum; the static_assert below holds it there.
constexpr std::array kTable = {
    Row{ErrorCode::kInvalidArgument, {"InvalidArgument", 400}},
    Row{ErrorCode::kMissingRequiredHeader, {"MissingRequiredHeader", 400}},
    Row{ErrorCode::kPathNotSupported, {"PathNotSupported", 400}},
    Row{ErrorCode::kEntityTooLarge, {"EntityTooLarge", 400}},
    Row{ErrorCode::kLimitExceeded, {"LimitExceededError", 400}},
    Row{ErrorCode::kAccessDenied, {"AccessDenied", 403}},
    Row{ErrorCode::kInvalidAccessKeyId, {"InvalidAccessKeyID", 403}},
    Row{ErrorCode::kSignatureNotMatch, {"SignatureNotMatch", 403}},
    Row{ErrorCode::kRequestTimeTooSkewed, {"RequestTimeTooSkewed", 403}},
    Row{ErrorCode::kInvalidSecurityToken, {"InvalidSecurityToken", 403}},
    Row{ErrorCode::kSecurityTokenExpired, {"SecurityTokenExpired", 403}},
    Row{ErrorCode::kServiceNotFound, {"ServiceNotFound", 404}},
    Row{ErrorCode::kFunctionNotFound, {"FunctionNotFound", 404}},
    Row{ErrorCode::kAliasNotFound, {"AliasNotFound", 404}},
    Row{ErrorCode::kVersionNotFound, {"VersionNotFound", 404}},
    Row{ErrorCode::kOnDemandConfigNotFound, {"OnDemandConfigNotFound", 404}},
    Row{ErrorCode::kAsyncConfigNotExists, {"AsyncConfigNotExists", 404}},
    Row{ErrorCode::kTriggerNotFound, {"TriggerNotFound", 404}},
    Row{ErrorCode::kDomainNameNotFound, {"DomainNameNotFound", 404}},
    Row{ErrorCode::kCallNotFound, {"StatefulAsyncInvocationNotFound", 404}},
    Row{ErrorCode::kClockNotVirtual, {"ClockNotVirtual", 404}},
    Row{ErrorCode::kMethodNotAllowed, {"MethodNotAllowed", 405}},
    Row{ErrorCode::kServiceAlreadyExists, {"ServiceAlreadyExists", 409}},
    Row{ErrorCode::kServiceNotEmpty, {"ServiceNotEmpty", 409}},
    Row{ErrorCode::kFunctionAlreadyExists, {"FunctionAlreadyExists", 409}},
    Row{ErrorCode::kFunctionNotEmpty, {"FunctionNotEmpty", 409}},
    Row{ErrorCode::kTriggerAlreadyExists, {"TriggerAlreadyExists", 409}},
    Row{ErrorCode::kDomainNameAlreadyExists, {"DomainNameAlreadyExists", 409}},
    Row{ErrorCode::kCallAlreadyExists, {"StatefulAsyncInvocationAlreadyExists", 409}},
    Row{ErrorCode::kConcurrentUpdateError, {"ConcurrentUpdateError", 409}},
    Row{ErrorCode::kPreconditionFailed, {"PreconditionFailed", 412}},
    Row{ErrorCode::kCaExited, {"CAExited", 412}},
    Row{ErrorCode::kCaFileNotFound, {"CAFileNotFound", 412}},
    Row{ErrorCode::kCaFilePermission, {"CAFilePermission", 412}},
    Row{ErrorCode::kFunctionNotStarted, {"FunctionNotStarted", 412}},
    Row{ErrorCode::kResourceThrottled, {"ResourceThrottled", 429}},
    Row{ErrorCode::kResourceExhausted, {"ResourceExhausted", 429}},
    Row{ErrorCode::kAsyncInvocationStopped, {"AsyncInvocationStopped", 412}},
    Row{ErrorCode::kAsyncEventAgeExceeded, {"AsyncEventAgeExceeded", 412}},
    Row{ErrorCode::kInvocationTreeStopped, {"InvocationTreeStopped", 412}},
    Row{ErrorCode::kRecursiveInvocation, {"RecursiveInvocation", 400}},
    Row{ErrorCode::kInvocationBudgetExceeded, {"InvocationBudgetExceeded", 400}},
    Row{ErrorCode::kClientClosedRequest, {"ClientClosedRequest", 499}},
    Row{ErrorCode::kInternalServerError, {"InternalServerError", 500}},
    Row{ErrorCode::kBadResponse, {"BadResponse", 502}},
    Row{ErrorCode::kServiceUnavailable, {"ServiceUnavailable", 503}},
};

constexpr bool in_enum_order() {
  for (std::size_t i = 0; i < kTable.size(); ++i) {
    if (static_cast<std::size_t>(kTable[i].code) != i) return false;
  }
  return kTable.size() == static_cast<std::size_t>(ErrorCode::kServiceUnavailable) + 1;
}
static_assert(in_enum_order(), "every ErrorCode has its row, at its own place");

}  // namespace

std::optional<ErrorCode> error_code_named(std::string_view name) {
  for (const auto& row : kTable) {
    if (row.traits.name == name) return row.code;
  }
  return std::nullopt;
}

const ErrorTraits& traits_of(ErrorCode code) {
  return kTable[static_cast<std::size_t>(code)].traits;
}

void ensure_failed(const char* fact, const char* file, int line) {
  std::fprintf(stderr, "convoke: broken promise: %s (%s:%d)\n", fact, file, line);
  std::abort();
}

}  // namespace convoke
