#include "workers/carried.h"

#include "core/model/digest.h"

namespace convoke {
namespace {

template <class Bytes>
std::string hex_of(const Bytes& bytes, std::size_t from) {
  return hex({reinterpret_cast<const char*>(bytes.data()) + from, bytes.size() - from});
}

constexpr std::size_t kSpanAt = 8;  // of a call's 16 bytes, the random ones

}  // namespace

std::string security_token_with(std::string_view base, std::string_view lineage) {
  std::string token(base);
  if (!base.empty() && !lineage.empty()) (token += '.') += lineage;
  return token;
}

std::string traceparent_of(const TraceId& trace, const CallId& call) {
  return "00-" + hex_of(trace, 0) + '-' + hex_of(call.bytes(), kSpanAt) + "-01";
}

std::string tracestate_of(const LineageText& lineage) {
  return std::string("convoke=") += view_of(lineage);
}

}  // namespace convoke
