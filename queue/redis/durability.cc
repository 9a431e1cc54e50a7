#include "queue/redis/durability.h"

namespace convoke::redis {
namespace {

Error cannot_keep(const std::string& why) {
  return Error{ErrorCode::kServiceUnavailable,
               "the queue's server cannot keep what it accepts: " + why, Seconds{1}};
}

}  // namespace

std::optional<Durability> parse_durability(std::string_view text) {
  if (text == "fsync") return Durability::kFsync;
  if (text == "server") return Durability::kServer;
  constexpr std::string_view kReplicas = "replicas:";
  if (!text.starts_with(kReplicas) || text.size() != kReplicas.size() + 1) return std::nullopt;
  const int count = text.back() - '0';
  if (count < 1 || count > kReplicasMax) return std::nullopt;
  return Durability(Durability::kReplicas, static_cast<std::uint8_t>(count));
}

const std::array<SettingName, 6>& setting_names() {
  static constexpr std::array<SettingName, 6> kNames{{
      {"appendonly", &ServerSettings::append_only},
      {"appendfsync", &ServerSettings::append_fsync},
      {"no-appendfsync-on-rewrite", &ServerSettings::lax_fsync},
      {"maxmemory-policy", &ServerSettings::eviction},
      {"maxmemory", &ServerSettings::max_memory},
      {"save", &ServerSettings::snapshots},
  }};
  return kNames;
}

std::optional<std::string> parse_setting(const Reply& reply) {
  if (reply.is_error() || reply.size() < 2) return std::nullopt;
  return std::string(reply[1].text());
}

std::optional<Error> unfit(const ServerSettings& settings, Durability asked) {
  // Whatever was asked: a key that is evicted is a queue that is gone.
  if (settings.eviction && *settings.eviction != "noeviction") {
    return cannot_keep("it may evict keys (maxmemory-policy " + *settings.eviction +
                       "): set it to noeviction");
  }
  if (asked.kind == Durability::kServer) return std::nullopt;
  const bool file = settings.append_only.value_or("yes") == "yes";
  if (asked.kind == Durability::kReplicas) {
    if (file) return std::nullopt;
    return cannot_keep(
        "it has no append-only file (appendonly no), so a restart would empty it, and its replicas "
        "with it: set appendonly yes, or take what it does for enough (serve --durability "
        "server)");
  }
  if (!file) {
    return cannot_keep(
        "it has no append-only file (appendonly no): set appendonly yes and appendfsync always, or "
        "take what it does for enough (serve --durability server)");
  }
  if (settings.append_fsync.value_or("always") != "always") {
    return cannot_keep("it answers before it has synced (appendfsync " + *settings.append_fsync +
                       "): set it to always, or take what it does for enough (serve --durability "
                       "server)");
  }
  if (settings.lax_fsync.value_or("no") != "no") {
    return cannot_keep(
        "it does not sync while it rewrites its append-only file (no-appendfsync-on-rewrite yes): "
        "set it to no, or take what it does for enough (serve --durability server)");
  }
  return std::nullopt;
}

}  // namespace convoke::redis
