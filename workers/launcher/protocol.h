// What a shard and the launcher say to each other.
//
// One SOCK_SEQPACKET Unix socket pair per shard, so a message is a packet. Both ends run on one
// machine and are built together: integers have fixed widths and the machine's byte order.
//
//   head   u8 version | u8 kind | u16 zero | u32 zero | u64 token            (16 bytes)
//
//   shard -> launcher                        body
//   kSpawn            start a process        u32 argc | u32 envc | cwd | argv... | env...
//                                            (each text: u32 length | bytes)
//                                            + 2 descriptors: its stdout and stderr
//   kSignal           to the process group   i32 signal
//   kLookForListener  who listens there?     u16 port
//   kSampleMemory                            -
//   kKill             kill all, report no more   -
//
//   launcher -> shard
//   kSpawned          the program runs       i32 pid (also its process group and session)
//   kSpawnFailed      last message           i32 errno | u8 step
//   kListener         answers kLookForListener   u16 its port | u64 peak KiB | u8 owner |
//                                               u8 count | u16 port...
//   kMemory           answers kSampleMemory      u64 peak KiB
//   kExited           last message           i32 code | i32 signal
//
// The token is the shard's name for a process; a shard never uses one twice. Requests for a token
// that the launcher no longer knows (it has ended meanwhile) are dropped: the last message is on
// its way. A packet that does not parse is a bug of ours: its receiver closes the connection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/edge/spawner.h"

namespace convoke::launcher {

// Fits a socket's default send buffer (208 KiB), with room for the kernel's bookkeeping, and is far
// above what Function Compute lets a function have as environment (4 KiB).
inline constexpr std::size_t kMessageMax = std::size_t{128} * 1024;
inline constexpr std::size_t kListenerPortsMax = 16;  // reported of one group; a hint for a message
inline constexpr std::size_t kDescriptorsPerMessage = 2;

// On the wire: never renumber.
enum class Kind : std::uint8_t {
  kSpawn = 1,
  kSignal = 2,
  kLookForListener = 3,
  kSampleMemory = 4,
  kKill = 5,
  kSpawned = 65,
  kSpawnFailed = 66,
  kListener = 67,
  kMemory = 68,
  kExited = 69,
};

// Where a start failed. On the wire: never renumber.
enum class Step : std::uint8_t {
  kFork = 1,
  kSetup = 2,        // descriptors, session
  kChdir = 3,        // the working directory
  kExec = 4,         // the program itself
  kInterpreter = 5,  // the program is there, the interpreter or loader that it names is not
};
[[nodiscard]] std::string_view name_of(Step step);  // as in SpawnFailure::step: "fork", "exec", ...

struct Spawn {
  SpawnRequest request;
};
struct Signal {
  std::int32_t signal = 0;
};
struct LookForListener {
  std::uint16_t port = 0;
};
struct SampleMemory {};
struct Kill {};

struct Spawned {
  std::int32_t pid = 0;
};
struct SpawnFailed {
  std::int32_t errno_value = 0;
  Step step = Step::kExec;
};
struct Listener {
  std::uint16_t port = 0;  // that was asked about
  ListenerReport::Owner owner = ListenerReport::Owner::kNobody;
  std::vector<std::uint16_t> group_ports;
  std::uint64_t memory_peak_kib = 0;
};
struct Memory {
  std::uint64_t memory_peak_kib = 0;
};
struct Exited {
  std::int32_t code = 0;
  std::int32_t signal = 0;
};

struct Request {
  std::uint64_t token = 0;
  std::variant<Spawn, Signal, LookForListener, SampleMemory, Kill> what;
};
struct Reply {
  std::uint64_t token = 0;
  std::variant<Spawned, SpawnFailed, Listener, Memory, Exited> what;
};

// The packet may come out longer than kMessageMax: it is the sender's task to refuse it then.
[[nodiscard]] std::string encode(const Request& request);
[[nodiscard]] std::string encode(const Reply& reply);
// nullopt: not a message, or one with bytes missing, to spare, or of a kind unknown.
[[nodiscard]] std::optional<Request> decode_request(std::string_view packet);
[[nodiscard]] std::optional<Reply> decode_reply(std::string_view packet);

}  // namespace convoke::launcher
