// The temporary credentials of functions on one shard, each made once in some minutes and not for
// every call: making one is four HMACs.
//
// Its thread alone.
#pragma once

#include <string>
#include <unordered_map>

#include "core/edge/clock.h"
#include "core/guard/temporary_credentials.h"
#include "workers/credentials.h"

namespace convoke {

class FunctionCredentials final : public CredentialSource {
 public:
  // A call that begins with the oldest ones may still run for its 24 h.
  static constexpr Duration kKeptMax = std::chrono::minutes{10};

  // `clock`: as for Signed.
  FunctionCredentials(const Clock& clock, std::string token_key, std::string account_id)
      : clock_(clock), token_key_(std::move(token_key)), account_id_(std::move(account_id)) {}

  [[nodiscard]] CredentialsPtr of(FunctionId function) override;
  void forget(FunctionId function) { kept_.erase(function); }

 private:
  struct Kept {
    Instant made;
    CredentialsPtr credentials;
  };

  const Clock& clock_;
  const std::string token_key_;
  const std::string account_id_;
  std::unordered_map<FunctionId, Kept> kept_;
};

}  // namespace convoke
