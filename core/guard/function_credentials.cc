#include "core/guard/function_credentials.h"

namespace convoke {

CredentialsPtr FunctionCredentials::of(FunctionId function) {
  Kept& kept = kept_[function];
  if (kept.credentials == nullptr || clock_.now() - kept.made >= kKeptMax) {
    kept.made = clock_.now();
    kept.credentials = std::make_shared<const http::AccessKey>(
        make_credentials(token_key_, account_id_, function, clock_.wall() + kCredentialsLast));
  }
  return kept.credentials;
}

}  // namespace convoke
