// The request heads that a custom runtime gets: the x-fc-* headers of the contract and ours. Pure.
#pragma once

#include <optional>

#include "core/http/message.h"
#include "core/model/function.h"
#include "core/model/ids.h"
#include "core/model/lineage.h"
#include "workers/child_environment.h"
#include "workers/worker.h"

namespace convoke {

[[nodiscard]] http::RequestHead initialize_head(const Function& function, const Place& place,
                                                const CallId& request_id,
                                                const std::optional<CarriedLineage>& lineage);

// The head of POST /invoke, kept from call to call: of its thirty headers a few change. Of a
// request through an HTTP trigger it is the client's own, with the same headers of ours.
class InvokeHead {
 public:
  InvokeHead(const Function& function, const Place& place);
  // Valid until the next call of this.
  [[nodiscard]] const http::RequestHead& for_attempt(const Attempt& attempt);

 private:
  void refresh_credentials();
  [[nodiscard]] const http::RequestHead& for_http(const http::RequestHead& client);
  void put_lineage(const CarriedLineage& lineage, const CallId& call);

  const FunctionId function_;
  CredentialSource* const source_;
  CredentialsPtr credentials_;  // in kept_
  http::RequestHead kept_;      // synchronous
  http::RequestHead extra_;     // with what only some calls have
};

}  // namespace convoke
