// Every setting of an engine: what it means, its unit, its limit, its default.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/dispatch/dispatcher.h"
#include "core/edge/wires.h"
#include "core/guard/egress.h"
#include "core/http/server.h"
#include "core/model/function.h"
#include "core/model/instant.h"
#include "workers/in_process.h"

namespace convoke {

inline constexpr std::uint16_t kListenPortDefault = 7070;
inline constexpr std::uint64_t kQueueDepthMaxDefault = 10'000'000;

inline constexpr std::string_view kRefuseWithoutStore = "refuse";
inline constexpr std::string_view kServeWithoutStore = "serve";

struct EngineOptions {
  // Loopback only, unless requests are authenticated. Port 0: any free one.
  Address listen{Address::Kind::kTcp, "127.0.0.1", kListenPortDefault};
  // Whose requests are served (core/guard/access_keys.h); read again when it has changed. "": no
  // request is authenticated.
  std::string access_keys_file;
  // What the credentials of functions are made with (core/loop/key_file.h), for engines that are to
  // know each other's. "": the state directory's own. Without access keys, neither.
  std::string token_key_file;
  // Made if it is missing; one engine at a time (a lock says whose it is).
  std::string state_directory = "state";
  // Where asynchronous calls wait: "" in journals of the state directory; else on a Redis server,
  // shared with other engines (queue/redis/target.h).
  std::string queue;
  std::string queue_password_file;  // of one who alone may read it; "": `queue` says it all
  // Over TLS (rediss://), in PEM, read at the start: whose servers are trusted ("": those that the
  // system trusts), and the certificate that is shown, with its key ("": none).
  std::string queue_ca_file;
  std::string queue_certificate_file;
  std::string queue_key_file;  // of one who alone may read it
  // What an accepted call must have survived on that server: "fsync", "server" or "replicas:N"
  // (queue/redis/durability.h).
  std::string queue_durability = "fsync";
  // How long an engine that cannot reach the server goes on for; then others take over.
  Duration engine_lease = Seconds{30};
  // What synchronous calls get beyond that: refused (503), or served: they run, on what this
  // engine last knew of functions and limits. No kill switch that is set meanwhile stops them.
  std::string without_store{kRefuseWithoutStore};
  // How long to wait for an engine that has the state directory and is about to end.
  Duration state_wait_max{};
  // Threads that serve: 1 .. kShardsMax; 0: one for each core.
  std::uint16_t shards = 0;
  // Each shard stays on one core.
  bool pin = false;
  // The program that starts instances.
  std::string launcher_program;
  // Instances of all functions together; one function has at most 90 % of them.
  std::uint32_t account_instances_max = 300;
  // Waiting, idling and starting.
  DispatchOptions dispatch;
  http::ServerLimits http;
  // Asynchronous calls that have not ended, in all and of one function; beyond: 429. Each shard
  // holds an equal share of both, one call at least, and refuses what goes beyond its own. What a
  // call leaves to do (a delivery) is not refused.
  std::uint64_t queue_depth_max = kQueueDepthMaxDefault;
  std::uint64_t function_queue_depth_max = kQueueDepthMaxDefault / 10 * 9;
  // Of one asynchronous call's event, in bytes: 1 .. kSyncEventBytesMax; beyond: EntityTooLarge.
  std::size_t async_event_bytes_max = kAsyncEventBytesMax;
  // What each function's log may take on disk, and for how long its lines are kept.
  std::uint64_t log_bytes_max = 64UL << 20;
  Seconds log_age_max = std::chrono::hours{24 * 7};
  // Addresses that are not public, and that destinations may be at all the same.
  Egress destinations_allow;
  // Calls' time (deadlines, delays, retries, ages, idle instances) stands still but for POST
  // /convoke/clock/advance: to test functions, not to serve with.
  bool virtual_clock = false;
  // What functions see of the world.
  std::string region = "local";
  std::string account_id = "123456789012";  // digits
  // Functions that are C++ callables of the embedding program, by handler name. May be null.
  std::shared_ptr<const InProcessRegistry> in_process;
};

}  // namespace convoke
