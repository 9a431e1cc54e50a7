#include "core/loop/log_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <fstream>

#include "core/loop/file.h"
#include "core/loop/io_thread.h"
#include "tests/loop/fixture.h"

namespace convoke {
namespace {

namespace fs = std::filesystem;

class LogFileTest : public testing::Test {
 protected:
  LogFileTest() {
    auto directory = DiskLogDir::open(path_, syncing_, preparing_, kept_);
    EXPECT_TRUE(directory.ok());
    directory_ = std::move(directory).value();
  }

  std::unique_ptr<LogFile> create(const std::string& name, std::uint64_t reserve = 4096) {
    auto file = directory_->create(name, reserve);
    EXPECT_TRUE(file.ok()) << file.error().message;
    return std::move(file).value();
  }
  Result<void> sync(LogFile& file) {
    std::optional<Result<void>> result;
    file.sync([&](Result<void> synced) { result = std::move(synced); });
    EXPECT_FALSE(result.has_value()) << "from inside the call";
    turn_until(loop_, [&] { return result.has_value(); });
    return *std::move(result);
  }
  Result<std::string> read(LogFile& file, std::uint64_t offset, std::size_t size) {
    std::optional<Result<std::string>> result;
    file.read(offset, size, [&](Result<std::string> bytes) { result = std::move(bytes); });
    EXPECT_FALSE(result.has_value()) << "from inside the call";
    turn_until(loop_, [&] { return result.has_value(); });
    return *std::move(result);
  }
  std::string read_all(const std::string& name) {
    auto bytes = directory_->read_all(name);
    EXPECT_TRUE(bytes.ok());
    return bytes.ok() ? *bytes : "";
  }

  TemporaryDirectory root_;
  std::string path_ = root_.path() + "/log";
  Loop loop_;
  LoopIoThread syncing_{loop_};
  LoopIoThread preparing_{loop_};
  DiskReserve kept_;
  std::unique_ptr<DiskLogDir> directory_;
};

TEST_F(LogFileTest, ANewFileIsReservedInZerosAndForItsOwnerAlone) {
  const auto file = create("a", 10'000);
  EXPECT_EQ(file->size(), 0U);
  EXPECT_EQ(read_all("a"), std::string(10'000, '\0'));
  EXPECT_EQ(fs::status(path_ + "/a").permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(fs::status(path_).permissions(), fs::perms::owner_all);
}

TEST_F(LogFileTest, WhatIsSyncedIsInTheFileInOrder) {
  const auto file = create("a", 0);
  file->append("one ");
  file->append("");
  file->append("two ");
  EXPECT_EQ(file->size(), 8U);
  EXPECT_EQ(read_all("a"), "") << "append touches no disk";
  EXPECT_TRUE(sync(*file).ok());
  file->append("three");
  EXPECT_TRUE(sync(*file).ok());
  EXPECT_EQ(read_all("a"), "one two three");
  EXPECT_EQ(read(*file, 4, 3).value(), "two");
}

TEST_F(LogFileTest, AppendsGoOnDuringASyncForTheNextOne) {
  const auto file = create("a", 0);
  file->append("first");
  bool synced = false;
  file->sync([&](Result<void> result) { synced = result.ok(); });
  file->append(" second");
  EXPECT_EQ(file->size(), 12U);
  turn_until(loop_, [&] { return synced; });
  EXPECT_EQ(read_all("a"), "first");
  EXPECT_TRUE(sync(*file).ok());
  EXPECT_EQ(read_all("a"), "first second");
}

TEST_F(LogFileTest, ThousandsOfPiecesAreOneSync) {
  const auto file = create("a", 1'000'000);
  std::string all;
  for (int i = 0; i < 5000; ++i) {
    all += std::to_string(i) + ",";
    file->append(std::to_string(i) + ",");
  }
  EXPECT_TRUE(sync(*file).ok());
  EXPECT_EQ(read_all("a").substr(0, all.size()), all);
  EXPECT_EQ(read_all("a").size(), 1'000'000U) << "the reserved size stays";
}

TEST_F(LogFileTest, OpenedAgainItGoesOnAtTheGivenEnd) {
  {
    const auto file = create("a", 0);
    file->append("keep torn");
    EXPECT_TRUE(sync(*file).ok());
  }
  auto file = directory_->open("a", 5);
  ASSERT_TRUE(file.ok());
  EXPECT_EQ((*file)->size(), 5U);
  (*file)->append("more");
  EXPECT_TRUE(sync(**file).ok());
  EXPECT_EQ(read_all("a"), "keep more");
  EXPECT_FALSE(directory_->open("a", 10).ok()) << "beyond its end";
  EXPECT_FALSE(directory_->open("missing", 0).ok());
}

TEST_F(LogFileTest, RewoundItIsWrittenFromItsStartAgain) {
  const auto file = create("a", 8);
  file->append("oldoldold");
  EXPECT_TRUE(sync(*file).ok());
  file->rewind();
  EXPECT_EQ(file->size(), 0U);
  file->append("new");
  EXPECT_TRUE(sync(*file).ok());
  EXPECT_EQ(read_all("a"), "newoldold");
}

TEST_F(LogFileTest, CreateFailsForWhatExistsAndWhereThereIsNoRoom) {
  create("a");
  const auto again = directory_->create("a", 0);
  ASSERT_FALSE(again.ok());
  EXPECT_NE(again.error().message.find(path_ + "/a"), std::string::npos);
  const auto huge = directory_->create("huge", 1ULL << 62);
  EXPECT_FALSE(huge.ok());
  EXPECT_EQ(directory_->list().value(), std::vector<std::string>{"a"}) << "nothing is left of it";
}

TEST_F(LogFileTest, CreateLeavesTheDiskItsReserve) {
  const auto file = File::open(root_.path() + "/look", O_RDWR | O_CREAT);
  const DiskSpace space = file.value()->disk_space().value();
  ASSERT_GT(space.available, disk_reserve(space.bytes)) << "this disk is too full to test on";
  // More than may be taken now, also if somebody frees some room meanwhile; less than there is.
  const std::uint64_t too_much = space.available - disk_reserve(space.bytes) / 2;
  const auto created = directory_->create("a", too_much);
  ASSERT_FALSE(created.ok());
  EXPECT_NE(created.error().message.find("free on its disk"), std::string::npos);
  EXPECT_TRUE(directory_->list().value().empty());
}

TEST(DiskReserve, IsASixteenthOfASmallDiskAnd64MiBOfALargeOne) {
  EXPECT_EQ(disk_reserve(160), 10U);
  EXPECT_EQ(disk_reserve(1UL << 30), 64UL << 20);
  EXPECT_EQ(disk_reserve(1UL << 40), 64UL << 20);
}

TEST_F(LogFileTest, CreateAsyncAnswersInALaterTurn) {
  std::unique_ptr<LogFile> file;
  std::string error;
  directory_->create_async("a", 5000, [&](Result<std::unique_ptr<LogFile>> created) {
    file = std::move(created).value();
  });
  directory_->create_async("a", 5000, [&](Result<std::unique_ptr<LogFile>> created) {
    error = created.error().message;
  });
  EXPECT_EQ(file, nullptr);
  turn_until(loop_, [&] { return file && !error.empty(); });
  file->append("x");
  EXPECT_TRUE(sync(*file).ok());
  EXPECT_EQ(read_all("a").substr(0, 1), "x");
}

TEST_F(LogFileTest, CompletionsOfWhatWasDestroyedAreDropped) {
  auto file = create("a", 0);
  file->append("still written");
  file->sync([](const Result<void>&) { FAIL(); });
  file->read(0, 1, [](const Result<std::string>&) { FAIL(); });
  directory_->create_async("b", 0, [](const Result<std::unique_ptr<LogFile>>&) { FAIL(); });
  file.reset();
  directory_.reset();
  bool all = false;
  bool prepared = false;
  syncing_.run([] {}, [&] { all = true; });
  preparing_.run([] {}, [&] { prepared = true; });
  turn_until(loop_, [&] { return all && prepared; });
  EXPECT_EQ(fs::file_size(path_ + "/a"), 13U);
}

TEST_F(LogFileTest, ACompletionMayDestroyTheFile) {
  auto file = create("a", 0);
  file->append("x");
  file->sync([&](const Result<void>&) { file.reset(); });
  turn_until(loop_, [&] { return file == nullptr; });
}

TEST_F(LogFileTest, NamesAreListedSortedRenamedAndRemoved) {
  create("b");
  create("a");
  EXPECT_TRUE(directory_->rename("b", "c").ok());
  EXPECT_EQ(directory_->list().value(), (std::vector<std::string>{"a", "c"}));
  EXPECT_TRUE(directory_->remove("a").ok());
  EXPECT_FALSE(directory_->remove("a").ok());
  directory_->remove_async("c");
  bool removed = false;
  preparing_.run([] {}, [&] { removed = true; });
  turn_until(loop_, [&] { return removed; });
  EXPECT_TRUE(directory_->list().value().empty());
}

TEST_F(LogFileTest, ReplaceSwapsTheContentWholeAndCleansUpAfterACrash) {
  EXPECT_TRUE(directory_->replace("state", "one").ok());
  EXPECT_TRUE(directory_->replace("state", "").ok());
  EXPECT_TRUE(directory_->replace("state", "three").ok());
  EXPECT_EQ(read_all("state"), "three");
  std::ofstream(path_ + "/state.replacing") << "half";
  EXPECT_EQ(directory_->list().value(), std::vector<std::string>{"state"});
  EXPECT_TRUE(DiskLogDir::open(path_, syncing_, preparing_, kept_).ok());
  EXPECT_FALSE(fs::exists(path_ + "/state.replacing"));
}

TEST_F(LogFileTest, PartsAreReadAndShortOnlyAtTheEnd) {
  EXPECT_TRUE(directory_->replace("a", "0123456789").ok());
  EXPECT_EQ(directory_->read("a", 3, 4).value(), "3456");
  EXPECT_EQ(directory_->read("a", 8, 100).value(), "89");
  EXPECT_EQ(directory_->read("a", 100, 1).value(), "");
  const auto file = directory_->open("a", 10);
  const auto beyond = read(*file.value(), 8, 3);
  ASSERT_FALSE(beyond.ok()) << "a record that is not there whole";
  EXPECT_NE(beyond.error().message.find(path_ + "/a"), std::string::npos);
}

TEST_F(LogFileTest, AVanishedDirectoryIsAnErrorThatNamesThePath) {
  fs::remove_all(path_);
  for (const auto& result :
       {directory_->replace("a", "x"), directory_->remove("a"), directory_->rename("a", "b")}) {
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, ErrorCode::kServiceUnavailable);
    EXPECT_NE(result.error().message.find(path_), std::string::npos) << result.error().message;
    EXPECT_NE(result.error().message.find("no such file"), std::string::npos);
  }
  EXPECT_FALSE(directory_->create("a", 0).ok());
  EXPECT_FALSE(directory_->list().ok());
  EXPECT_FALSE(directory_->read_all("a").ok());
}

TEST_F(LogFileTest, AMissingParentIsAnError) {
  EXPECT_FALSE(DiskLogDir::open(root_.path() + "/no/such", syncing_, preparing_, kept_).ok());
}

// No file may grow beyond `bytes`: as a full disk, also in the middle of a write.
class FilesLimitedTo {
 public:
  explicit FilesLimitedTo(rlim_t bytes) {
    handler_ = std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    rlimit now = before_;
    now.rlim_cur = bytes;
    setrlimit(RLIMIT_FSIZE, &now);
  }
  ~FilesLimitedTo() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  FilesLimitedTo(const FilesLimitedTo&) = delete;
  FilesLimitedTo& operator=(const FilesLimitedTo&) = delete;

 private:
  rlimit before_{};
  void (*handler_)(int) = nullptr;
};

TEST_F(LogFileTest, AFailedWriteIsFinal) {
  const auto file = create("a", 0);
  {
    const FilesLimitedTo limit(100);
    file->append(std::string(60, 'x'));
    EXPECT_TRUE(sync(*file).ok());
    file->append(std::string(60, 'y'));  // 40 of them fit: a short write, then an error
    const Result<void> failed = sync(*file);
    ASSERT_FALSE(failed.ok());
    EXPECT_NE(failed.error().message.find(path_ + "/a"), std::string::npos);
  }
  file->append("z");
  EXPECT_FALSE(sync(*file).ok()) << "though there is room again";
  EXPECT_EQ(read_all("a").find('z'), std::string::npos);
}

TEST_F(LogFileTest, AFailedReplaceLeavesTheOldContent) {
  EXPECT_TRUE(directory_->replace("state", "old").ok());
  {
    const FilesLimitedTo limit(2);
    EXPECT_FALSE(directory_->replace("state", "new content").ok());
  }
  EXPECT_EQ(read_all("state"), "old");
  EXPECT_FALSE(fs::exists(path_ + "/state.replacing"));
}

TEST_F(LogFileTest, AFailedReservationIsToldAndCleanedUp) {
  const FilesLimitedTo limit(1000);
  EXPECT_FALSE(directory_->create("a", 4096).ok());
  EXPECT_TRUE(directory_->list().value().empty());
}

}  // namespace
}  // namespace convoke
