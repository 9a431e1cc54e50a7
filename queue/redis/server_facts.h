// What a server says of itself, whether an engine can work with it at all, and what an operator
// should know of it. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/error.h"
#include "queue/redis/durability.h"

namespace convoke::redis {

// The scripts say where a range begins by "(ID", behind that call, which older servers do not know.
inline constexpr unsigned kMajorMin = 6;
inline constexpr unsigned kMinorMin = 2;

// Of INFO. Empty, nullopt or false: the server did not say.
struct ServerFacts {
  std::string version;
  bool cluster = false;                   // one node of a Redis Cluster
  bool replica = false;                   // of another server
  std::optional<std::uint64_t> replicas;  // of its own, whose data is as new as its own
  bool file_broken = false;               // it could not write its append-only file
  bool snapshot_failed = false;           // the last one that it tried
  std::uint64_t memory = 0;               // bytes, of its machine
};

[[nodiscard]] ServerFacts parse_facts(std::string_view info);

// Why no engine can work with it: a replica, a version too old.
[[nodiscard]] std::optional<Error> refusal(const ServerFacts& facts);
// Why a cluster cannot give that: replicas are not waited for there.
[[nodiscard]] std::optional<Error> cluster_refusal(Durability asked);

struct Concern {
  bool grave = false;  // calls are refused so, or will be; else worth knowing
  std::string text;
};
// What stands against the promise, gravest first; empty: nothing.
[[nodiscard]] std::vector<Concern> concerns(const ServerFacts& facts,
                                            const ServerSettings& settings, Durability asked);

}  // namespace convoke::redis
