// Frames between the engine and a handler runtime of ours (runtime/python.py), over a Unix socket.
//
//   frame   = size:u32 kind:u8 zero:u8[3] call:u64 payload[size]        all little-endian
//
//   kind          from      call   payload
//   1 setup       engine    0      JSON: what stays the same for the instance's life (below)
//   2 ready       runtime   0      empty; the handler has been loaded, or its absence noted
//   3 initialize  engine    0      JSON {"request_id"}
//   4 initialized runtime   0      empty, or the JSON body of a function error
//   5 invoke      engine    n      head_size:u32, JSON head[head_size], event
//   6 result      runtime   n      the result's bytes
//   7 error       runtime   n      JSON body of an unhandled function error
//
// The runtime connects; the engine speaks first. `call` is chosen by the engine, never used twice
// by one instance, and says which invoke a result answers: they may come in any order.
//   setup: {"code_directory", "handler", "initializer", "concurrency", "region", "account_id",
//           "function": {"name", "memory", "timeout", "initialization_timeout"}, "service":
//           {"name"}, "reply_bytes_max"} and, where functions have credentials, "credentials":
//           {"access_key_id", "access_key_secret", "security_token"}; where calls carry lineages,
//           "lineage": what belongs behind the security token until a call brings its own
//   invoke head: {"request_id", "qualifier", "retry_count", "attempt"} and, on asynchronous calls,
//           "fencing_token" and "maybe_repeated"; "credentials" again where they are new; "lineage"
//           of the call and its "traceparent"; "http": true where event and result are HTTP
//           messages (http_frames.h)
// Anything else (another kind, a size beyond the limit) breaks the link.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/model/function.h"

namespace convoke {

enum class FrameKind : std::uint8_t {  // on the wire: never renumber
  kSetup = 1,
  kReady = 2,
  kInitialize = 3,
  kInitialized = 4,
  kInvoke = 5,
  kResult = 6,
  kError = 7,
};

inline constexpr std::size_t kFrameHeadBytes = 16;
inline constexpr std::size_t kFramePayloadMax = kReplyBytesMax;

struct Frame {
  FrameKind kind = FrameKind::kReady;
  std::uint64_t call = 0;
  std::string payload;
};

[[nodiscard]] std::string encode_frame(FrameKind kind, std::uint64_t call,
                                       std::string_view payload);
[[nodiscard]] std::string encode_invoke(std::uint64_t call, std::string_view head,
                                        std::string_view event);

// Bytes in any pieces to frames. Pure. Holds at most one payload beyond what feed() was given.
class FrameReader {
 public:
  // Bytes are taken as far as the next complete frame; `bytes` is left with the rest. Call it until
  // it gives no frame.
  [[nodiscard]] std::optional<Frame> next(std::string_view& bytes);
  // An illegal head was met: no frame comes any more.
  [[nodiscard]] bool broken() const { return broken_; }

 private:
  [[nodiscard]] bool read_head();
  static void take(std::string& into, std::size_t wanted, std::string_view& bytes);

  std::string head_;
  bool in_payload_ = false;
  bool broken_ = false;
  std::size_t payload_size_ = 0;
  Frame frame_;
};

}  // namespace convoke
