// A JournalStore on a fake disk, in virtual time, that can be crashed and started again.
#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/edge/timer_wheel.h"
#include "queue/journal/incarnation.h"
#include "queue/journal/store.h"
#include "tests/queue/fake_log.h"
#include "tests/queue/harness.h"

namespace convoke::fake {

class JournalWorld final : public StoreHarness {
 public:
  explicit JournalWorld(journal::Options options = small(),
                        std::vector<std::uint32_t> numbers = {0})
      : wheel_(clock.now()), options_(std::move(options)), numbers_(std::move(numbers)) {
    options_.alarm = [this](std::string_view what) { alarms.emplace_back(what); };
    const auto opened = start();
    ENSURE(opened.ok());
  }

  // Small segments, so that a test sees many of them.
  static journal::Options small() {
    journal::Options options;
    options.segment_bytes = 4096;
    return options;
  }

  // So that most calls that wait are not in memory.
  static void spill_most(journal::Options& options, Rng& rng) {
    options.ready_in_memory_max = 1 + rng.below(rng.one_in(2) ? 4 : 60);
    options.delayed_in_memory_max = rng.below(rng.one_in(2) ? 3 : 30);
    options.calls_in_memory_max = rng.below(rng.one_in(2) ? 20 : 2000);
    options.scratch_block_bytes = journal::kBlockBytesMin;
  }

  static std::string directory(std::uint32_t number) { return "journal-" + std::to_string(number); }

  [[nodiscard]] Queue& queue() override { return *store_; }
  [[nodiscard]] journal::JournalStore& store() { return *store_; }

  void end_turn() override { store_->submit(); }
  void settle() override {
    do {
      end_turn();
    } while (turn());
  }
  // One completion, or what the wheel has due. False: nothing was left to do.
  bool turn() {
    const bool stepped = disk.step();
    return wheel_.advance(clock.now()) > 0 || stepped;
  }

  void step() override {
    end_turn();
    (void)turn();
  }

  void advance(Millis by) override {
    clock.advance(by);
    wheel_.advance(clock.now());
    settle();
  }

  void crash() override { crash(Unsynced::kTorn); }
  void crash(Unsynced unsynced) {
    stop(unsynced);
    const auto opened = start();
    if (!opened.ok()) std::fprintf(stderr, "%s\n", opened.error().message.c_str());
    ENSURE(opened.ok());
  }
  void stop(Unsynced unsynced) {
    store_.reset();
    disk.crash(unsynced, chance_);
    heard = Recorder{};
  }
  Result<void> start() {
    FakeLogDir root(disk, "root");
    const auto incarnation = journal::next_incarnation(root);
    if (!incarnation.ok()) return incarnation.error();
    std::vector<journal::JournalPlace> places;
    for (const std::uint32_t number : numbers_) {
      places.push_back(
          {number, std::make_unique<FakeLogDir>(disk, directory(number)), marks[number]});
    }
    auto opened = journal::JournalStore::open(options_, std::move(places), *incarnation, clock,
                                              wheel_, heard);
    if (!opened.ok()) return opened.error();
    store_ = std::move(*opened);
    if (settles_) settle();
    return {};
  }
  void use_journals(std::vector<std::uint32_t> numbers) { numbers_ = std::move(numbers); }
  void use(journal::Options options) {
    options.alarm = std::move(options_.alarm);
    options_ = std::move(options);
  }
  // From here on nothing is settled at a start: for tests that crash within it.
  void start_unsettled(bool unsettled = true) { settles_ = !unsettled; }

  void fail_writes() override { disk.fail_syncs(); }

  FakeDisk disk;
  std::vector<std::string> alarms;
  std::map<std::uint32_t, history::Mark> marks;  // what a start gives each journal

 private:
  TimerWheel wheel_;
  journal::Options options_;
  std::vector<std::uint32_t> numbers_;
  Rng chance_ = Rng::seeded(7).fork("crash");
  bool settles_ = true;
  std::unique_ptr<journal::JournalStore> store_;
};

}  // namespace convoke::fake
