#include "core/guard/signed.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "core/guard/lineage_carriers.h"
#include "core/guard/temporary_credentials.h"
#include "core/http/date.h"
#include "core/model/digest.h"
#include "core/registry/shown.h"

namespace convoke {
namespace {

Result<void> check_date(std::string_view sent, WallTime now) {
  const auto date = http::read_date(sent);
  if (!date) {
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("the Date header is no HTTP date (example: '{}', actual: '{}')",
                             http::write_date(now), shown(sent))};
  }
  if (*date >= now - kSkewMax && *date <= now + kSkewMax) return {};
  return Error{ErrorCode::kRequestTimeTooSkewed,
               fmt::format("the request's Date is more than {} seconds off (Date: '{}', here: "
                           "'{}'): set the clock of the machine that signs",
                           kSkewMax.count(), sent, http::write_date(now))};
}

Result<void> check_expiry(std::string_view sent, WallTime now) {
  std::int64_t seconds = 0;
  const char* end = sent.data() + sent.size();
  const auto read = std::from_chars(sent.data(), end, seconds);
  if (read.ec != std::errc{} || read.ptr != end || seconds < 0) {
    return Error{ErrorCode::kAccessDenied,
                 fmt::format("x-fc-expires takes seconds since 1970 (actual: '{}')", shown(sent))};
  }
  if (seconds > to_ms(now) / 1000) return {};
  return Error{ErrorCode::kAccessDenied, "the signed URL has expired"};
}

// SDKs send it, send it empty, or do not.
Result<void> check_account(std::string_view sent, std::string_view account_id) {
  if (sent.empty() || sent == account_id) return {};
  return Error{ErrorCode::kAccessDenied, "The service or function doesn't belong to you"};
}

// The engine's own credentials have none.
Result<void> check_lineage(TokenReader& tokens, std::string_view lineage, FunctionId holder) {
  if (holder == FunctionId{}) return {};
  const auto opened = tokens.open(lineage);
  if (opened && last_hop(opened->lineage) == tag_of(holder)) return {};
  return Error{ErrorCode::kInvalidSecurityToken,
               "the security token is not whole: send it as the function's context holds it, with "
               "the lineage of the call at its end"};
}

}  // namespace

Result<Principal> Signed::authenticate(const http::RequestHead& head) const {
  const auto request = http::read_signed(head);
  if (!request) return request.error();
  auto signer = signer_of(*request);
  if (!signer) return signer.error();
  const std::string right = http::signature_of(request->text, signer->secret);
  if (!equal_in_constant_time(right, request->signature)) {
    return Error{ErrorCode::kSignatureNotMatch,
                 "The request signature we calculated does not match the signature you provided. "
                 "Check your access key and signing method"};
  }
  const WallTime now = clock_.wall();
  const auto timely =
      request->by_url ? check_expiry(request->time, now) : check_date(request->time, now);
  if (!timely) return timely.error();
  const auto theirs = check_account(head.headers.get("X-Fc-Account-Id"), signer->account_id);
  if (!theirs) return theirs.error();
  return Principal{std::move(signer->account_id), false};
}

Result<Signed::Signer> Signed::signer_of(const http::SignedRequest& request) const {
  if (!request.security_token.empty()) return holder_of(request);
  const AccessKeys::Key* key = keys_->find(request.access_key_id);
  if (key != nullptr) return Signer{key->secret, key->account_id};
  return Error{ErrorCode::kInvalidAccessKeyId,
               fmt::format("invalid access key ID '{}'", shown(request.access_key_id))};
}

Result<Signed::Signer> Signed::holder_of(const http::SignedRequest& request) const {
  const auto [base, lineage] = split_security_token(request.security_token);
  auto holder = read_token(token_key_, base);
  if (!holder) return holder.error();
  if (auto whole = check_lineage(tokens_, lineage, holder->function); !whole) return whole.error();
  if (holder->access_key_id != request.access_key_id) {
    return Error{ErrorCode::kInvalidSecurityToken,
                 fmt::format("the security token does not belong to the access key ID '{}'",
                             shown(request.access_key_id))};
  }
  if (clock_.wall() >= holder->expires) {
    return Error{
        ErrorCode::kSecurityTokenExpired,
        fmt::format("the security token has expired at {}", http::write_date(holder->expires))};
  }
  return Signer{std::move(holder->secret), std::move(holder->account_id)};
}

}  // namespace convoke
