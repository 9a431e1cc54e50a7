// What an accepted call must have survived before it is acknowledged, and whether the server's
// settings can keep that. Pure.
//
//     fsync       the server syncs its append-only file before it answers (appendonly yes,
//                 appendfsync always): survives kill -9 and loss of power; the default
//     server      whatever the server does: with everysec the last second can be lost
//     replicas:N  at least N replicas have it, in memory at least: survives the loss of the
//                 server's machine, if one that has it takes its place
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/model/error.h"
#include "queue/redis/reply.h"

namespace convoke::redis {

inline constexpr std::uint8_t kReplicasMax = 9;  // that can be asked for

struct Durability {
  enum Kind : std::uint8_t { kFsync, kServer, kReplicas };

  constexpr Durability(Kind what = kFsync, std::uint8_t count = 0)
      : kind(what), replicas(count) {}  // NOLINT: a kind says it all, but for kReplicas

  Kind kind;
  std::uint8_t replicas;  // 1 .. kReplicasMax with kReplicas, else 0
};

// nullopt: none of these words.
[[nodiscard]] std::optional<Durability> parse_durability(std::string_view text);

// Of CONFIG GET, one setting each; nullopt: the server would not say, as hosted ones do.
struct ServerSettings {
  std::optional<std::string> append_only;   // appendonly
  std::optional<std::string> append_fsync;  // appendfsync
  std::optional<std::string> lax_fsync;     // no-appendfsync-on-rewrite
  std::optional<std::string> eviction;      // maxmemory-policy
  std::optional<std::string> max_memory;    // maxmemory, in bytes
  std::optional<std::string> snapshots;     // save
};

struct SettingName {
  const char* name;  // as CONFIG GET has it
  std::optional<std::string> ServerSettings::*at;
};
// Those on which it depends whether calls are accepted, and then the rest.
inline constexpr std::size_t kSettingsThatDecide = 4;
[[nodiscard]] const std::array<SettingName, 6>& setting_names();

// The value of the one setting that was asked for.
[[nodiscard]] std::optional<std::string> parse_setting(const Reply& reply);

// Why calls must not be accepted; what the server would not say is taken to be as it must.
[[nodiscard]] std::optional<Error> unfit(const ServerSettings& settings, Durability asked);

}  // namespace convoke::redis
