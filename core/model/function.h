// What a user configured: one revision of a function, immutable, shared by all shards.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/model/ids.h"
#include "core/model/instant.h"

namespace convoke {

// Members of a definition that the engine does not interpret: name -> canonical JSON text.
using JsonMembers = std::map<std::string, std::string, std::less<>>;

enum class Runtime : std::uint8_t {
  kCustom,     // "custom": an executable `bootstrap` that serves HTTP on FC_SERVER_PORT
  kPython3,    // "python3": our runtime calls `module.function(event, context)`
  kInProcess,  // "in-process": a C++ callable that the embedding program registered
};

// Limits: Function Compute's, except where marked (ours).
inline constexpr Seconds kTimeoutMax{86'400};
inline constexpr Seconds kTimeoutDefault{3};
inline constexpr Seconds kInitializationTimeoutMax{300};
inline constexpr Seconds kInitializationTimeoutDefault{30};
inline constexpr Seconds kInstanceStartMax{120};
inline constexpr std::uint32_t kInstanceConcurrencyMax = 200;
inline constexpr std::uint32_t kMemoryMbDefault = 128;  // ours
inline constexpr std::uint32_t kMemoryMbMin = 128;
inline constexpr std::uint32_t kMemoryMbMax = 32'768;  // ours
inline constexpr std::uint16_t kCaPortDefault = 9000;
inline constexpr std::size_t kSyncEventBytesMax = 32UL << 20;
inline constexpr std::size_t kAsyncEventBytesMax = 128UL << 10;
inline constexpr std::size_t kReplyBytesMax = 32UL << 20;  // ours: as the sync event's
inline constexpr std::size_t kLogTailBytes = 4096;
inline constexpr std::size_t kLogLineBytesMax = 32UL << 10;
inline constexpr std::uint32_t kAsyncRetriesDefault = 3;  // of function errors
inline constexpr std::uint32_t kAsyncRetriesMax = 8;
inline constexpr Seconds kAsyncAgeMaxDefault{86'400};
inline constexpr Seconds kAsyncAgeMaxMax{604'800};

struct FunctionSpec {
  std::string service;
  std::string name;
  std::string description;
  Runtime runtime = Runtime::kCustom;
  std::string runtime_name = "custom";  // as the user wrote it: "python3.9" runs as kPython3
  std::string handler;                  // "index.handler"; the name of the callable for kInProcess
  std::string initializer;              // empty: none
  Seconds initialization_timeout = kInitializationTimeoutDefault;
  Seconds timeout = kTimeoutDefault;  // 1 .. kTimeoutMax
  std::uint32_t memory_mb = kMemoryMbDefault;
  std::uint32_t instance_concurrency = 1;  // 1 .. kInstanceConcurrencyMax
  std::uint16_t ca_port = kCaPortDefault;
  std::vector<std::pair<std::string, std::string>> environment;  // sorted by key

  friend bool operator==(const FunctionSpec&, const FunctionSpec&) = default;
};

struct CodePackage {
  std::string checksum;    // CRC-64/XZ of the zip, unsigned decimal
  std::uint64_t size = 0;  // bytes of the zip
  std::string directory;   // where it is unpacked, absolute; empty for kInProcess
};

struct Function {
  FunctionId id;
  // Grows with every change that an instance can notice (code, runtime, environment, ...): an
  // instance of an older revision takes no new call.
  std::uint64_t revision = 1;
  FunctionSpec spec;
  CodePackage code;
  WallTime created{};
  WallTime modified{};
  std::string etag;
  JsonMembers extra;  // layers, instanceType, ...: kept for the client, not used by the engine

  [[nodiscard]] std::string full_name() const { return spec.service + '/' + spec.name; }
};

using FunctionPtr = std::shared_ptr<const Function>;

}  // namespace convoke
