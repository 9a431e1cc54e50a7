// Where a request says by whom it was made. Pure; any thread.
//
// The first of these that holds a token of ours counts:
//   1. the security token of the temporary credentials that it was signed with, `BASE.LINEAGE`; of
//      a signed URL, that in its query
//   2. the header x-convoke-lineage
//   3. in tracestate, the entry `convoke=LINEAGE`
// One that is not ours is as good as absent: where requests are authenticated nobody can take the
// first one away (core/guard/signed.h), and the others need nobody's leave to be left out.
#pragma once

#include <optional>
#include <string_view>

#include "core/guard/token_reader.h"
#include "core/http/message.h"
#include "core/model/lineage.h"

namespace convoke {

inline constexpr std::string_view kLineageHeader = "x-convoke-lineage";

struct SecurityTokenParts {
  std::string_view base;
  std::string_view lineage;  // "": it has none
};
[[nodiscard]] SecurityTokenParts split_security_token(std::string_view token) noexcept;

// `convoke=...` of a tracestate; "": there is none.
[[nodiscard]] std::string_view convoke_entry(std::string_view tracestate) noexcept;

// Of a W3C traceparent of version 00 or later; all zero: it is none.
[[nodiscard]] TraceId trace_of(std::string_view traceparent) noexcept;

[[nodiscard]] std::optional<LineageToken> read_lineage(const http::RequestHead& head,
                                                       TokenReader& tokens);

}  // namespace convoke
