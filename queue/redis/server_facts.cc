#include "queue/redis/server_facts.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace convoke::redis {
namespace {

// The value of `name:value` on a line of its own; "": there is none.
std::string_view field(std::string_view info, std::string_view name) {
  while (!info.empty()) {
    const std::size_t end = std::min(info.find('\n'), info.size());
    std::string_view line = info.substr(0, end);
    info.remove_prefix(std::min(end + 1, info.size()));
    if (!line.starts_with(name) || line.substr(name.size(), 1) != ":") continue;
    line.remove_prefix(name.size() + 1);
    return line.ends_with('\r') ? line.substr(0, line.size() - 1) : line;
  }
  return {};
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  return parsed.ec == std::errc{} ? std::optional(value) : std::nullopt;
}

// Those that are still being copied do not count.
std::optional<std::uint64_t> replicas_online(std::string_view info) {
  const auto connected = number(field(info, "connected_slaves"));
  if (!connected) return std::nullopt;
  std::uint64_t online = 0;
  for (std::uint64_t i = 0; i < std::min<std::uint64_t>(*connected, 1000); ++i) {
    const std::string_view one = field(info, "slave" + std::to_string(i));
    if (one.find("state=online") != std::string_view::npos) ++online;
  }
  return online;
}

bool too_old(std::string_view version) {
  const auto major = number(version);
  const std::size_t dot = version.find('.');
  if (!major || dot == std::string_view::npos) return false;
  const auto minor = number(version.substr(dot + 1));
  return std::pair(*major, minor.value_or(0)) <
         std::pair<std::uint64_t, std::uint64_t>(kMajorMin, kMinorMin);
}

Error refused(std::string why) { return {ErrorCode::kServiceUnavailable, std::move(why)}; }

bool keeps_nothing(const ServerSettings& settings) {
  return settings.append_only == "no" && settings.snapshots == "";
}

std::string about_memory(const ServerFacts& facts) {
  const std::string machine =
      facts.memory == 0 ? "" : " (" + std::to_string(facts.memory >> 20) + " MB)";
  return "maxmemory is 0: what waits may fill its machine's memory" + machine +
         ", and the kernel then ends the server; with a maxmemory below that, and noeviction, "
         "calls "
         "are refused instead";
}

}  // namespace

ServerFacts parse_facts(std::string_view info) {
  ServerFacts facts;
  facts.version = field(info, "redis_version");
  facts.cluster = field(info, "cluster_enabled") == "1" || field(info, "redis_mode") == "cluster";
  facts.replica = field(info, "role") == "slave";
  facts.replicas = replicas_online(info);
  facts.file_broken = field(info, "aof_last_write_status") == "err";
  facts.snapshot_failed = field(info, "rdb_last_bgsave_status") == "err";
  facts.memory = number(field(info, "total_system_memory")).value_or(0);
  return facts;
}

std::optional<Error> cluster_refusal(Durability asked) {
  if (asked.kind != Durability::kReplicas) return std::nullopt;
  return refused(
      "it is a node of a Redis Cluster, where replicas are not waited for: serve with --durability "
      "fsync or server, or on a server that stands alone with its replicas");
}

std::optional<Error> refusal(const ServerFacts& facts) {
  if (facts.replica) {
    return refused("it is a replica, which takes no calls: name the primary that it follows");
  }
  if (too_old(facts.version)) {
    return refused("it is Redis " + facts.version +
                   ", and 6.2 is needed: the scripts ask for what stands behind a call in its "
                   "stream by '(ID', which older ones do not know");
  }
  return std::nullopt;
}

std::vector<Concern> concerns(const ServerFacts& facts, const ServerSettings& settings,
                              Durability asked) {
  std::vector<Concern> all;
  const auto add = [&all](bool grave, std::string text) {
    all.push_back({grave, std::move(text)});
  };
  const auto no_use = refusal(facts);
  if (no_use) add(true, no_use->message);
  const auto unkept = unfit(settings, asked);
  if (unkept) add(true, unkept->message);
  const bool wants_replicas = asked.kind == Durability::kReplicas;
  if (wants_replicas && facts.replicas.value_or(asked.replicas) < asked.replicas) {
    add(true, "it has " + std::to_string(*facts.replicas) + " replicas that keep up, and " +
                  std::to_string(asked.replicas) + " must have a call before it is accepted");
  }
  if (facts.file_broken) {
    add(true,
        "it could not write its append-only file last time (aof_last_write_status err), and "
        "takes nothing until it can");
  }
  if (facts.snapshot_failed) {
    add(false,
        "its last snapshot failed (rdb_last_bgsave_status err): unless "
        "stop-writes-on-bgsave-error is no, it takes nothing until one succeeds");
  }
  if (!unkept && keeps_nothing(settings)) {
    add(false,
        "it keeps nothing on its disk (appendonly no, no save): a restart loses every call "
        "and every function");
  } else if (!unkept && settings.append_only == "no") {
    add(false,
        "it has no append-only file (appendonly no): a restart loses all that came after its "
        "last snapshot");
  } else if (!unkept && settings.append_fsync.value_or("always") != "always") {
    add(false, "it answers before it has synced (appendfsync " + *settings.append_fsync +
                   "): a loss of power loses what came last");
  }
  if (settings.max_memory == "0") add(false, about_memory(facts));
  return all;
}

}  // namespace convoke::redis
