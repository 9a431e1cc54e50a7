// Where the record of a finished asynchronous call is sent: the text a user writes, and what it
// means. Pure.
//
//   acs:fc:REGION:ACCOUNT:services/SERVICE[.QUALIFIER]/functions/FUNCTION
//   http://HOST[:PORT][/PATH][?QUERY]      https:// alike
//
// REGION and ACCOUNT may be empty, and whatever they say this engine's own function is meant: it
// serves one account. Queues, event buses and topics of the original (mns, eventbridge, mq) are not
// offered. That the function exists, or that the host may be called, is for delivery to find out:
// a destination may be named before it is there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "core/model/error.h"

namespace convoke {

inline constexpr std::size_t kDestinationBytesMax = 2048;  // of the text

struct FunctionDestination {
  std::string service;
  std::string qualifier;  // as written; "": none
  std::string function;
  friend bool operator==(const FunctionDestination&, const FunctionDestination&) = default;
};

struct UrlDestination {
  enum class Scheme : std::uint8_t { kHttp, kHttps };
  Scheme scheme = Scheme::kHttp;
  std::string host;        // a name or an address; of IPv6 without the brackets
  std::uint16_t port = 0;  // the scheme's own where the text has none
  std::string target;      // path and query as written; begins with '/'
  friend bool operator==(const UrlDestination&, const UrlDestination&) = default;
};

struct Destination {
  std::string text;  // as the user wrote it
  std::variant<FunctionDestination, UrlDestination> to;
  friend bool operator==(const Destination&, const Destination&) = default;
};

// `member` is named in the message ("destinationConfig.onSuccess.destination"). InvalidArgument
// says what is wrong and which kinds there are.
[[nodiscard]] Result<Destination> parse_destination(std::string_view member, std::string_view text);

}  // namespace convoke
