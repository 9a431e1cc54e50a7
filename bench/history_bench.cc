// What the history costs behind the journals: whole lives of named calls, committed by the
// thousand, and the questions about them. Syncs of the disk included.
#include <benchmark/benchmark.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "queue/history/history.h"

namespace convoke::history {
namespace {

constexpr std::uint64_t kBatch = 1000;

class Told {
 public:
  Told() {
    if (mkdtemp(directory_.data()) == nullptr) std::abort();
    history_ = std::move(History::open(directory_ + "/history.db")).value();
  }
  ~Told() {
    history_.reset();
    std::filesystem::remove_all(directory_);
  }
  Told(const Told&) = delete;
  Told& operator=(const Told&) = delete;

  // Begun in one commit, ended in another.
  void tell_batch() {
    std::vector<Fact> begun;
    std::vector<Fact> ended;
    for (std::uint64_t i = 0; i < kBatch; ++i) append_life(begun, ended);
    apply(std::move(begun));
    apply(std::move(ended));
  }

  History& history() { return *history_; }

 private:
  void append_life(std::vector<Fact>& begun, std::vector<Fact>& ended) {
    const std::uint64_t number = ++calls_;
    const CallId id = CallId::from_random(number * 0x9e3779b97f4a7c15, number * 0xbf58476d1ce4e5b9);
    const WallTime now = wall_from_ms(1'700'000'000'000 + static_cast<std::int64_t>(number));
    begun.emplace_back(Accepted{id, FunctionId{1}, "live", "order-" + std::to_string(number),
                                std::string(1024, 'e'), now, now});
    begun.emplace_back(Dequeued{id, now});
    begun.emplace_back(Started{id, now, "c-5f2a9d1e"});
    Finished end;
    end.id = id;
    end.at = now + Millis{20};
    end.report = {now, now, "c-5f2a9d1e", Millis{20}, "", ""};
    end.result.assign(128, 'r');
    ended.emplace_back(std::move(end));
  }

  void apply(std::vector<Fact> facts) {
    mark_.offset += 1;
    if (!history_->apply({{0, mark_, std::move(facts)}})) std::abort();
  }

  std::string directory_ = std::filesystem::temp_directory_path() / "history-bench-XXXXXX";
  std::unique_ptr<History> history_;
  Mark mark_;
  std::uint64_t calls_ = 0;
};

void WholeLives(benchmark::State& state) {
  Told told;
  for (auto _ : state) told.tell_batch();
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * kBatch));
}
BENCHMARK(WholeLives)->Unit(benchmark::kMillisecond)->UseRealTime();

void PageOfTwenty(benchmark::State& state) {
  Told told;
  told.tell_batch();
  ListQuery query;
  query.function = FunctionId{1};
  for (auto _ : state) benchmark::DoNotOptimize(told.history().list(query));
}
BENCHMARK(PageOfTwenty)->Unit(benchmark::kMicrosecond);

void NameInUse(benchmark::State& state) {
  Told told;
  told.tell_batch();
  for (auto _ : state)
    benchmark::DoNotOptimize(told.history().name_in_use(FunctionId{1}, "order-500"));
}
BENCHMARK(NameInUse);

}  // namespace
}  // namespace convoke::history

BENCHMARK_MAIN();
