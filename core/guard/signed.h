// Authentication by signature: who asks is whose access key signed the request.
//
// The verdict in its order: the key is known (or the token ours and in force), the signature is
// right, the time is, the account is. So who cannot sign learns only whether a key exists. The
// token of a function's credentials is ours only with the lineage of a call of that function: it
// cannot be left out, nor another function's taken.
//
// One shard's; its thread alone. Nothing here locks: keys are an immutable snapshot, replaced
// whole.
#pragma once

#include <memory>
#include <string>

#include "core/edge/clock.h"
#include "core/guard/access_keys.h"
#include "core/guard/admission.h"
#include "core/guard/token_reader.h"
#include "core/http/signature.h"

namespace convoke {

// How far a request's Date may be off, either way.
inline constexpr Seconds kSkewMax{900};

class Signed final : public Authenticator {
 public:
  // `clock`: the real time, whatever calls live by. `token_key`: of temporary credentials.
  // `tokens`: of the same key. Both outlive it.
  Signed(const Clock& clock, std::string token_key, TokenReader& tokens,
         std::shared_ptr<const AccessKeys> keys)
      : clock_(clock), token_key_(std::move(token_key)), tokens_(tokens), keys_(std::move(keys)) {}

  void replace(std::shared_ptr<const AccessKeys> keys) { keys_ = std::move(keys); }

  [[nodiscard]] bool enabled() const override { return true; }
  // MissingRequiredHeader, InvalidArgument: as http::read_signed. InvalidAccessKeyID,
  // InvalidSecurityToken, SecurityTokenExpired, SignatureNotMatch, RequestTimeTooSkewed;
  // AccessDenied: another account, or a signed URL that has expired.
  [[nodiscard]] Result<Principal> authenticate(const http::RequestHead& head) const override;

 private:
  struct Signer {
    std::string secret;
    std::string account_id;
  };
  [[nodiscard]] Result<Signer> signer_of(const http::SignedRequest& request) const;
  [[nodiscard]] Result<Signer> holder_of(const http::SignedRequest& request) const;

  const Clock& clock_;
  const std::string token_key_;
  TokenReader& tokens_;
  std::shared_ptr<const AccessKeys> keys_;
};

}  // namespace convoke
