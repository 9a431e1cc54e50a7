// What a destination is told of a call: Function Compute's record of 2016 (fc-contract,
// "Destination ARNs"). Pure.
//
//   {"timestamp": 1660120276975,                       ms since the epoch
//    "requestContext": {"requestId": "...", "functionArn": "acs:fc:::services/S/functions/F",
//                       "condition": "", "approximateInvokeCount": 1,
//                       "fencingToken": "4294967297"},
//    "requestPayload": "...",
//    "responseContext": {"statusCode": 200, "functionError": ""},
//    "responsePayload": "..."}
//
// Ours: `fencingToken` is that of the attempt that ended the call, the number that its function got
// (ids.h, Epoch), in a string, since it does not fit into a double. And a payload that is not
// UTF-8, or that JSON would write in more than kRecordTextMax bytes, is base64, and
// `requestPayloadEncoding` or `responsePayloadEncoding` says "base64"; one that is longer than
// kRecordPayloadMax is cut, and `requestPayloadTruncated` or `responsePayloadTruncated` is true.
// These members are absent otherwise. An event that a caller sent is cut only where the engine was
// told to take larger ones than Function Compute does; one that is itself a record may be, so that
// records of records stay bounded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/dispatch/call.h"
#include "core/model/function.h"
#include "core/model/ids.h"
#include "core/model/instant.h"
#include "queue/queue.h"

namespace convoke {

inline constexpr std::size_t kRecordPayloadMax = 256UL << 10;  // bytes, before any encoding
inline constexpr std::size_t kRecordTextMax = 448UL << 10;     // of a payload, escaped
inline constexpr std::size_t kDestinationRecordMax = 2 * kRecordTextMax + (16UL << 10);
static_assert(kRecordPayloadMax >= kAsyncEventBytesMax);
static_assert((kRecordPayloadMax + 2) / 3 * 4 <= kRecordTextMax, "base64 always fits");

// How a call ended, in the record's words.
struct RecordedEnd {
  std::string condition;       // the error's code; "" on success
  int status_code = 200;       // another: an error of the system's
  std::string function_error;  // "", UnhandledInvocationError, HandledInvocationError

  friend bool operator==(const RecordedEnd&, const RecordedEnd&) = default;
};

// `outcome`: of the last attempt; nullptr when the call ended without one (it expired, or was
// stopped, while it waited). Conditions: FunctionInvocationError, FunctionResourceExhausted (it
// was throttled to its end), AsyncEventAgeExceeded, AsyncInvocationStopped, or the code of the
// error that was met (FunctionNotFound, CAExited, ...).
[[nodiscard]] RecordedEnd recorded_end(Settlement settlement, const Outcome* outcome);

// "acs:fc:::services/S.Q/functions/F"; without a qualifier, "services/S".
[[nodiscard]] std::string record_arn(std::string_view service, std::string_view qualifier,
                                     std::string_view function);

struct DestinationRecord {
  WallTime at{};
  CallId id;
  std::string function_arn;
  std::uint32_t invoke_count = 0;  // attempts; approximate, as one may have been repeated
  Epoch epoch;                     // of the last one
  std::string_view event;
  RecordedEnd ending;
  std::string_view response;  // what the function answered, or the error's body
};

// At most kDestinationRecordMax bytes: a delivery is a queued call, and fits in a journal's record.
[[nodiscard]] std::string to_json(const DestinationRecord& record);

}  // namespace convoke
