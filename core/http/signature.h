// Function Compute's signature of 2016-08-15: what of a request is signed, for those who sign and
// for those who check.
//
//   METHOD \n Content-MD5 \n Content-Type \n Date \n
//   x-fc-...:VALUE \n ...          every header that begins so: in lower case, sorted
//   PATH                           percent-decoded, without the query
//   \n ITEM \n ITEM ...            query items, decoded and sorted; below /proxy/ and in URLs alone
//
// base64(HMAC-SHA256(secret, that)) goes into `Authorization: FC ACCESS_KEY_ID:SIGNATURE`. A signed
// URL carries x-fc-access-key-id, x-fc-expires (seconds since the epoch, in the Date's place),
// x-fc-security-token for temporary credentials, and x-fc-signature, which itself is not signed.
// Content-MD5 is signed as the text that was sent, and says nothing of the body: SDKs encode it in
// three ways. One form cannot pass for the other: a Date is no number.
//
// Pure; any thread. What it costs is bounded by the limits of a request's head.
#pragma once

#include <string>
#include <string_view>

#include "core/http/message.h"
#include "core/model/error.h"
#include "core/model/instant.h"

namespace convoke::http {

struct AccessKey {
  std::string id;
  std::string secret;
  std::string security_token = {};  // of temporary credentials; "" for none
};

// What a request says of its signer, none of it checked.
struct SignedRequest {
  std::string access_key_id;
  std::string security_token;
  std::string signature;  // base64
  std::string time;       // an HTTP date, or the seconds of a signed URL's expiry
  bool by_url = false;
  std::string text;  // what the signature is of
};

// MissingRequiredHeader: it is not signed, or has no Date. AccessDenied: it has an Authorization
// of another kind, or a signed URL lacks one of its items or has it twice. InvalidArgument: path
// or query cannot be decoded.
[[nodiscard]] Result<SignedRequest> read_signed(const RequestHead& head);

[[nodiscard]] std::string signature_of(std::string_view text, std::string_view secret);

// Adds Date and Authorization, and X-Fc-Security-Token where there is one. The head is complete
// otherwise, but for headers that are not signed (Host, Content-Length, ...).
void sign(RequestHead& head, const AccessKey& key, WallTime now);

// `target`, which need not have a query, as a signed URL has it: for requests of that method
// without a Content-Type and without x-fc- headers.
[[nodiscard]] std::string sign_target(std::string_view method, std::string_view target,
                                      const AccessKey& key, WallTime expires);

}  // namespace convoke::http
