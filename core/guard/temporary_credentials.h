// Credentials for a time, that functions get with their calls and SDKs send back.
//
//   access key ID    STS.16HEX                         the first 6 are the function's tag
//   security token   1/ID/ACCOUNT/FUNCTION/EXPIRY/MAC      EXPIRY in seconds since the epoch
//   secret           64 hex digits
//
// What a function is given is the token with the lineage of its call behind it (`TOKEN.LINEAGE`,
// core/guard/lineage_carriers.h), which has a MAC of its own: ID and secret stay the same, so that
// a call costs one MAC and not four.
//
// MAC and secret are HMAC-SHA256 of what stands before the MAC, under the engine's token key, each
// with a word of its own before it; the ID is made alike. So nothing is stored, any engine that
// has the key knows a token of any other, and who has no key can make none: a token that was given
// out tells nothing of its secret. Whoever holds one acts for the whole account: there are no
// roles.
//
// Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "core/http/signature.h"
#include "core/model/error.h"
#include "core/model/ids.h"
#include "core/model/instant.h"
#include "core/model/lineage.h"

namespace convoke {

// As Function Compute has it. A call may run for 24 h, and its credentials are made before it.
inline constexpr Seconds kCredentialsLast = std::chrono::hours{36};

// `account_id`: digits. A function id of 0: the engine itself.
[[nodiscard]] http::AccessKey make_credentials(std::string_view token_key,
                                               std::string_view account_id, FunctionId function,
                                               WallTime expires);

// Whose the access key ID of such credentials is, by its own word: whoever is told of one alone, as
// of who wrote an object, cannot check it. 0: it is none, or the engine's own.
[[nodiscard]] FunctionTag holder_of_id(std::string_view access_key_id) noexcept;

// Whom a token was made for, and the secret that goes with it.
struct TokenHolder {
  std::string access_key_id;
  std::string account_id;
  FunctionId function;
  WallTime expires;
  std::string secret;
};
// InvalidSecurityToken: it was not made with this key. Expired or not is the caller's to judge.
[[nodiscard]] Result<TokenHolder> read_token(std::string_view token_key, std::string_view token);

// The beginning of a key's hash, by which engines that are to know each other's tokens can see
// that they have one key: 16 hex digits, no secret.
[[nodiscard]] std::string key_fingerprint(std::string_view key);

}  // namespace convoke
