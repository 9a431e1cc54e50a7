// What functions sign their own requests to the engine with, and where instances get it from.
#pragma once

#include <memory>

#include "core/http/signature.h"
#include "core/model/ids.h"

namespace convoke {

using CredentialsPtr = std::shared_ptr<const http::AccessKey>;

// One shard's; outlives its instances.
class CredentialSource {
 public:
  virtual ~CredentialSource() = default;
  // For a call that begins now: good until its end, however long it runs. The same object again
  // and again, until it is time for another: whoever has told an instance the last one compares.
  [[nodiscard]] virtual CredentialsPtr of(FunctionId function) = 0;
};

}  // namespace convoke
