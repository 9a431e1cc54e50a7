// What `convoke serve --check` finds in a state directory: made by real stores, damaged by hand.
#include "core/state_check.h"

#include <gtest/gtest.h>
#include <lzma.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "core/loop/io_thread.h"
#include "core/loop/log_file.h"
#include "core/loop/loop.h"
#include "core/loop/state_lock.h"
#include "core/state_directory.h"
#include "queue/history/history.h"
#include "queue/journal/format.h"
#include "queue/journal/incarnation.h"
#include "queue/journal/store.h"
#include "tests/registry/temp_dir.h"

namespace convoke {
namespace {

namespace fs = std::filesystem;

class Listener final : public QueueListener {
  void on_ready(FunctionId) override {}
  void on_claimed(FunctionId, std::vector<ClaimedCall>) override {}
};

// Accepts calls in a journal, as a life of an engine does.
class Life {
 public:
  explicit Life(const std::string& path) : state_(*StateDirectory::open(path)) {
    EXPECT_TRUE(history::History::open(state_.history()).ok());
    auto queue = DiskLogDir::open(state_.queue(), thread_, thread_, disk_);
    const auto incarnation = journal::next_incarnation(**queue);
    std::vector<journal::JournalPlace> places;
    places.push_back({0, *DiskLogDir::open(state_.journal(0), thread_, thread_, disk_), {}});
    store_ = *journal::JournalStore::open({}, std::move(places), *incarnation, loop_,
                                          loop_.timers(), listener_);
  }

  void accept(int calls) {
    int accepted = 0;
    for (int i = 0; i < calls; ++i) {
      NewCall call;
      call.id = CallId::from_random(1, static_cast<std::uint64_t>(++last_));
      call.function = FunctionId{1};
      call.event = "event";
      store_->accept(std::move(call), [&accepted](const Result<void>& result) {
        EXPECT_TRUE(result.ok());
        ++accepted;
      });
    }
    while (accepted < calls) {
      store_->submit();
      loop_.run_one_turn();
    }
  }

 private:
  StateDirectory state_;
  Listener listener_;
  DiskReserve disk_;
  Loop loop_;
  LoopIoThread thread_{loop_};
  std::unique_ptr<journal::JournalStore> store_;
  int last_ = 0;
};

class StateCheck : public ::testing::Test {
 protected:
  void write(const std::string& name, std::uint64_t offset, const std::string& bytes) const {
    std::fstream file(path_ / name, std::ios::in | std::ios::out | std::ios::binary);
    ASSERT_TRUE(file.seekp(static_cast<std::streamoff>(offset)) << bytes) << name;
  }
  // Of the segment that has the calls.
  [[nodiscard]] std::string segment() const {
    for (const auto& entry : fs::directory_iterator(path_ / "queue/journal-0")) {
      std::string start(8, '\0');
      std::ifstream(entry.path(), std::ios::binary).read(start.data(), 8);
      if (start != std::string(8, '\0')) return fs::relative(entry.path(), path_).string();
    }
    return "";
  }
  [[nodiscard]] std::string why_not() const {
    const auto seen = check_state(path_.string());
    return seen ? "it could" : seen.error().message;
  }
  [[nodiscard]] std::vector<std::string> files() const {
    std::vector<std::string> found;
    for (const auto& entry : fs::recursive_directory_iterator(path_)) {
      found.push_back(entry.path().string() + " " +
                      std::to_string(entry.is_regular_file() ? entry.file_size() : 0));
    }
    std::sort(found.begin(), found.end());
    return found;
  }

  TempDir directory_;
  fs::path path_ = directory_.path();
};

TEST_F(StateCheck, ADirectoryThatIsNotThereIsMadeByTheStartAndNotByTheCheck) {
  path_ /= "none";
  const auto seen = check_state(path_.string());
  ASSERT_TRUE(seen.ok()) << seen.error().message;
  EXPECT_EQ(seen->journals, 0U);
  EXPECT_FALSE(fs::exists(path_));
}

TEST_F(StateCheck, SaysHowManyCallsAStartWouldTakeOverAndChangesNothing) {
  Life(path_.string()).accept(3);
  const auto before = files();
  const auto seen = check_state(path_.string());
  ASSERT_TRUE(seen.ok()) << seen.error().message;
  EXPECT_EQ(seen->journals, 1U);
  EXPECT_EQ(seen->unfinished_calls, 3U);
  EXPECT_EQ(seen->in_use_by, std::nullopt);
  EXPECT_EQ(files(), before);
}

TEST_F(StateCheck, OfADirectoryInUseItSaysWhoseItIsAndFindsNoDamageInWhatIsBeingWritten) {
  Life life(path_.string());
  life.accept(3);
  write(segment(), 400, std::string(64, 'x'));  // what a reader may see of a write under way
  const auto seen = check_state(path_.string());
  ASSERT_TRUE(seen.ok()) << seen.error().message;
  EXPECT_EQ(seen->journals, 1U);
  EXPECT_EQ(seen->in_use_by, std::to_string(::getpid()));
}

TEST_F(StateCheck, ADamagedJournalIsNamedWithWhatToDo) {
  {
    Life life(path_.string());
    life.accept(3);
    life.accept(1);  // knows that the three before it are durable
  }
  write(segment(), 256, std::string(64, 'x'));
  EXPECT_NE(why_not().find((path_ / "queue/journal-0").string()), std::string::npos) << why_not();
  EXPECT_NE(why_not().find("is damaged at byte"), std::string::npos) << why_not();
  EXPECT_NE(why_not().find("move it away"), std::string::npos) << why_not();
}

TEST_F(StateCheck, AJournalOfANewerProgramIsFoundAlsoWhileAnEngineWritesIt) {
  Life life(path_.string());
  life.accept(1);
  std::string header = journal::encode(journal::SegmentHeader{}).substr(0, 56);
  header[8] = 99;
  const std::uint64_t sum =
      lzma_crc64(reinterpret_cast<const std::uint8_t*>(header.data()), header.size(), 0);
  header.append(reinterpret_cast<const char*>(&sum), sizeof sum);  // little-endian, as all of it
  write(segment(), 0, header);
  EXPECT_NE(why_not().find("format version 99"), std::string::npos) << why_not();
  EXPECT_NE(why_not().find("use the program that wrote it"), std::string::npos) << why_not();
}

TEST_F(StateCheck, AHistoryThatIsNoDatabaseIsNamedWithWhatToDo) {
  { const Life life(path_.string()); }
  std::ofstream(path_ / "history.db") << std::string(8192, 'x');
  EXPECT_NE(why_not().find((path_ / "history.db").string()), std::string::npos) << why_not();
  EXPECT_NE(why_not().find("move it away"), std::string::npos) << why_not();
}

TEST_F(StateCheck, AnIncarnationThatIsNoNumberIsFound) {
  { const Life life(path_.string()); }
  std::ofstream(path_ / "queue/incarnation") << "many\n";
  EXPECT_NE(why_not().find("'incarnation'"), std::string::npos) << why_not();
}

}  // namespace
}  // namespace convoke
