// What a queue over TLS needs, from the files that the options name.
#pragma once

#include <memory>

#include "core/config.h"
#include "core/model/error.h"
#include "core/tls/client.h"

namespace convoke {

// Null without TLS. Blocking. InvalidArgument: the options do not go together, or a file does not
// hold what it should. ServiceUnavailable: one cannot be read, or others can read the key.
[[nodiscard]] Result<std::shared_ptr<const tls::Client>> queue_trust(const EngineOptions& options,
                                                                     bool tls);

}  // namespace convoke
