#include "core/embedded_store.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace convoke {
namespace {

// A caller that asks again at once is back within it; an end that a crash takes back is run again.
constexpr Millis kEndsWaitMax{1};

journal::Options journal_options(const EmbeddedWorld& world) {
  const auto share = [&world](std::uint64_t of_all) {
    return std::max<std::uint64_t>(of_all / world.shards, 1);
  };
  journal::Options options;
  options.depth_max = share(world.options.queue_depth_max);
  options.depth_per_function_max = share(world.options.function_queue_depth_max);
  if (world.options.virtual_clock) {
    // A virtual clock never steps, and each look would be a step of its advances.
    options.wall_check_every = std::chrono::hours{24 * 365};
  } else {
    options.ends_wait_max = kEndsWaitMax;
  }
  options.alarm = [](std::string_view what) { spdlog::error("{}", what); };
  options.history = &world.history;
  return options;
}

class EmbeddedStore final : public ShardStore {
 public:
  explicit EmbeddedStore(std::unique_ptr<journal::JournalStore> journals)
      : journals_(std::move(journals)) {}

  [[nodiscard]] Queue& queue() override { return *journals_; }
  [[nodiscard]] const Queue& queue() const override { return *journals_; }
  [[nodiscard]] Reach reach() const override { return Reach::kShard; }
  [[nodiscard]] bool at_rest() const override { return journals_->at_rest(); }
  void find(const CallId& id, Found found) override { found(journals_->find(id)); }
  void find_place(FunctionId /*function*/, const CallId& id, Found found) override {
    found(journals_->find(id));
  }
  void count(const std::vector<FunctionId>& functions, Counted counted) override {
    Counts counts;
    for (const FunctionId function : functions) {
      counts.functions.push_back(journals_->counts(function));
    }
    counts.all = journals_->counts();
    counted(std::move(counts));
  }
  void tell_recovered() override { journals_->tell_recovered(); }
  void on_taken(std::uint32_t journal, const history::Mark& upto) override {
    journals_->on_taken(journal, upto);
  }

 private:
  std::unique_ptr<journal::JournalStore> journals_;
};

}  // namespace

Result<std::unique_ptr<ShardStore>> open_embedded_store(
    const EmbeddedWorld& world, const std::vector<std::uint32_t>& journals) {
  std::vector<journal::JournalPlace> places;
  for (const std::uint32_t number : journals) {
    auto dir =
        DiskLogDir::open(world.state.journal(number), world.syncing, world.preparing, world.disk);
    if (!dir) return dir.error();
    places.push_back({number, *std::move(dir), world.history.mark_of(number)});
  }
  auto store =
      journal::JournalStore::open(journal_options(world), std::move(places), world.incarnation,
                                  world.clock, world.wheel, world.listener);
  if (!store) return store.error();
  return std::unique_ptr<ShardStore>(std::make_unique<EmbeddedStore>(*std::move(store)));
}

}  // namespace convoke
