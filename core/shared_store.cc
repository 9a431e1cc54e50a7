#include "core/shared_store.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <utility>
#include <vector>

#include "core/loop/log_file.h"
#include "core/loop/secret_file.h"
#include "core/queue_trust.h"
#include "queue/redis/last_lives.h"
#include "queue/redis/search.h"
#include "queue/redis/store.h"

namespace convoke {
namespace {

// The lives of this shard, and with the first one those of shards that are no more.
std::vector<std::uint64_t> predecessors(const std::map<std::uint16_t, std::uint64_t>& lives,
                                        const SharedWorld& world) {
  std::vector<std::uint64_t> mine;
  for (const auto& [shard, life] : lives) {
    const bool nobodys = shard >= world.shards && world.self == ShardIndex{0};
    if (shard == world.self.value || nobodys) mine.push_back(life);
  }
  return mine;
}

redis::Options store_options(const SharedWorld& world) {
  redis::Options options;
  options.link.target = world.target;
  options.link.name = fmt::format("convoke-{}", world.self.value);
  options.depth_max = world.options.queue_depth_max;
  options.depth_per_function_max = world.options.function_queue_depth_max;
  options.lease = world.options.engine_lease;
  options.alarm = [](std::string_view what) { spdlog::error("{}", what); };
  return options;
}

class SharedStore final : public ShardStore {
 public:
  SharedStore(std::unique_ptr<LogDir> dir, redis::Options options, const SharedWorld& world,
              Rng rng)
      : self_(world.self),
        dir_(std::move(dir)),
        calls_(std::move(options), redis::LinkWorld{world.wires, world.clock, world.wheel},
               std::move(rng), world.listener) {}

  [[nodiscard]] Queue& queue() override { return calls_; }
  [[nodiscard]] const Queue& queue() const override { return calls_; }
  [[nodiscard]] Reach reach() const override { return Reach::kShared; }
  [[nodiscard]] bool at_rest() const override { return calls_.at_rest(); }
  void find(const CallId& id, Found found) override { redis::search(calls_, id, std::move(found)); }
  void find_place(FunctionId function, const CallId& id, Found found) override {
    if (const auto here = calls_.find(id)) return found(here);
    calls_.seek_place(function, id, std::move(found));
  }
  void count(const std::vector<FunctionId>& functions, Counted counted) override {
    if (self_ != ShardIndex{0}) return counted({std::vector<QueueCounts>(functions.size()), {}});
    calls_.ask_counts(functions, [this, functions, counted = std::move(counted)] {
      Counts counts;
      for (const FunctionId function : functions) {
        counts.functions.push_back(calls_.counts(function));
      }
      counts.all = calls_.counts();
      counted(std::move(counts));
    });
  }
  [[nodiscard]] history::Archive* archive() override { return &calls_.archive(); }
  void collect(WallTime now) override { calls_.archive().collect(now); }

 private:
  const ShardIndex self_;
  std::unique_ptr<LogDir> dir_;  // lives are noted there
  redis::RedisStore calls_;
};

}  // namespace

Result<redis::Target> queue_target(const EngineOptions& options) {
  auto target = redis::Target::parse(options.queue);
  if (!target) return target;
  auto trust = queue_trust(options, target->tls);
  if (!trust) return trust.error();
  target->trust = *std::move(trust);
  if (options.queue_password_file.empty()) return target;
  auto password = read_secret_file(options.queue_password_file, redis::kPasswordMax + 1);
  if (!password) return password.error();
  while (!password->empty() && password->back() == '\n') password->pop_back();
  target->password = *std::move(password);
  return target;
}

Result<redis::Durability> queue_durability(const EngineOptions& options) {
  if (const auto known = redis::parse_durability(options.queue_durability)) return *known;
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("'{}' is no durability: fsync, server, or replicas:N with N of 1 to {}",
                           options.queue_durability, redis::kReplicasMax)};
}

Result<std::unique_ptr<ShardStore>> open_shared_store(const SharedWorld& world, Rng rng) {
  auto dir = DiskLogDir::open(world.state.queue(), world.noting, world.noting, world.disk);
  if (!dir) return dir.error();
  const auto lives = redis::last_lives(**dir);
  if (!lives) return lives.error();
  const auto durability = queue_durability(world.options);
  if (!durability) return durability.error();
  redis::Options options = store_options(world);
  options.durability = *durability;
  options.predecessors = predecessors(*lives, world);
  options.leased = [&lease = world.lease, self = world.self](Instant until) {
    lease.set_claims_of(self, until);
  };
  options.entered = [&noting = world.noting, &in = **dir, self = world.self](std::uint64_t life) {
    redis::note_life(noting, in, self, life);
  };
  return std::unique_ptr<ShardStore>(
      std::make_unique<SharedStore>(*std::move(dir), std::move(options), world, std::move(rng)));
}

}  // namespace convoke
