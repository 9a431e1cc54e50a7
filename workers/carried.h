// A lineage as functions get it, whichever way they call on: in the security token of their
// credentials, which SDKs send back, in a header of ours, and in W3C's trace headers. Pure.
#pragma once

#include <string>
#include <string_view>

#include "core/model/ids.h"
#include "core/model/lineage.h"

namespace convoke {

// BASE.LINEAGE; the base alone where there is no lineage.
[[nodiscard]] std::string security_token_with(std::string_view base, std::string_view lineage);
// 00-TRACE-SPAN-01: the call's own half is the span.
[[nodiscard]] std::string traceparent_of(const TraceId& trace, const CallId& call);
[[nodiscard]] std::string tracestate_of(const LineageText& lineage);

}  // namespace convoke
