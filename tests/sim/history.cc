#include "tests/sim/history.h"

#include <algorithm>
#include <variant>

namespace convoke::sim {
namespace {

constexpr const char* kPath = "/convoke-sim-history";  // memdb: shared within the process
constexpr sqlite3_int64 kNoLimit = 1LL << 30;
constexpr Duration kJobLeast = std::chrono::microseconds{20};
constexpr Seconds kJobStalledMax{20};

}  // namespace

HistoryDisk::HistoryDisk() {
  sqlite3_initialize();
  ENSURE(sqlite3_vfs_register(sqlite3_vfs_find("memdb"), 1) == SQLITE_OK);
  ENSURE(sqlite3_open(kPath, &kept_) == SQLITE_OK);
  make_room();
}

HistoryDisk::~HistoryDisk() {
  sqlite3_close(kept_);
  sqlite3_vfs_register(sqlite3_vfs_find("unix"), 1);
}

Result<std::unique_ptr<history::History>> HistoryDisk::open() const {
  return history::History::open(kPath);
}

void HistoryDisk::limit(sqlite3_int64 bytes) {
  sqlite3_file_control(kept_, "main", SQLITE_FCNTL_SIZE_LIMIT, &bytes);
}

// A limit below what there is is raised to that.
void HistoryDisk::fill() { limit(0); }
void HistoryDisk::make_room() { limit(kNoLimit); }

void SimIoThread::run(std::function<void()> job, std::function<void()> done) {
  const bool stalls = stage_.chaos.strikes(Fault::kHistoryStalls);
  const Duration takes = between(rng_, kJobLeast, stalls ? kJobStalledMax : Millis{2});
  free_ = std::max(free_, stage_.clock.now()) + takes;
  stage_.agenda.at(free_, [this, alive = std::weak_ptr<int>(alive_), job = std::move(job),
                           done = std::move(done)] {
    if (alive.expired()) return;
    job();
    turn_in_(kJobLeast, done);
  });
}

void HistoryTap::tell(history::Chapter chapter) {
  history::Mark& told = told_[chapter.journal];
  told = std::max(told, chapter.upto);
  if (stage_.planted(Planted::kHistoryForgets)) {
    auto& facts = chapter.facts;
    const auto lost = [this](const history::Fact& fact) {
      return std::holds_alternative<history::Finished>(fact) && rng_.one_in(10);
    };
    facts.erase(std::remove_if(facts.begin(), facts.end(), lost), facts.end());
  }
  if (!deaf_) desk_.tell(std::move(chapter));
}

}  // namespace convoke::sim
