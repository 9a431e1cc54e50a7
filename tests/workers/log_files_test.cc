#include "workers/log_files.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/workers/fakes.h"

namespace convoke::test {
namespace {

namespace fs = std::filesystem;

constexpr FunctionId kFunction{42};
constexpr WallTime kStart = wall_from_ms(1'700'000'000'000);
constexpr std::uint64_t kMuchRoom = 1UL << 40;

class LogFilesTest : public testing::Test {
 protected:
  LogFilesTest() {
    options.directory = temporary_directory();
    options.bytes_max = 1000;
    options.segment_bytes_max = 100;
  }
  ~LogFilesTest() override { fs::remove_all(options.directory); }

  std::unique_ptr<LogFiles> open() {
    return std::make_unique<LogFiles>(options, [this](const std::string&) { return room; });
  }
  [[nodiscard]] std::uint64_t bytes_on_disk() const {
    std::uint64_t bytes = 0;
    for (const auto& entry : fs::recursive_directory_iterator(options.directory)) {
      if (entry.is_regular_file()) bytes += entry.file_size();
    }
    return bytes;
  }
  [[nodiscard]] std::size_t segments() const {
    std::size_t count = 0;
    for (const auto& entry : fs::recursive_directory_iterator(options.directory)) {
      if (entry.is_regular_file()) ++count;
    }
    return count;
  }
  static std::string line(const CallId& call, const std::string& text) {
    return "2026-11-24T03:20:24.123Z c-1 " + call.text() + ' ' + text + '\n';
  }

  LogFilesOptions options;
  std::uint64_t room = kMuchRoom;
};

using Lines = std::vector<std::string>;

TEST_F(LogFilesTest, TheLastLinesComeBackOldestFirst) {
  const auto files = open();
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(files->append(kFunction, kStart + Millis{i}, fmt::format("line {}\n", i)).ok());
  }
  EXPECT_GT(segments(), 1U);
  EXPECT_EQ(files->read_tail(kFunction, 3, std::nullopt), (Lines{"line 47", "line 48", "line 49"}));
  EXPECT_EQ(files->read_tail(kFunction, 1000, std::nullopt).size(), 50U);
  EXPECT_TRUE(files->read_tail(FunctionId{43}, 10, std::nullopt).empty());
}

TEST_F(LogFilesTest, AnotherStartOfTheEngineGoesOnWhereTheLastOneStopped) {
  ASSERT_TRUE(open()->append(kFunction, kStart, "one\n").ok());
  const auto files = open();
  ASSERT_TRUE(files->append(kFunction, kStart + Millis{5}, "two\n").ok());
  EXPECT_EQ(segments(), 1U);
  EXPECT_EQ(files->read_tail(kFunction, 10, std::nullopt), (Lines{"one", "two"}));
}

TEST_F(LogFilesTest, ALineTornByACrashStaysALineOfItsOwn) {
  ASSERT_TRUE(open()->append(kFunction, kStart, "one\ntor").ok());
  const auto files = open();
  ASSERT_TRUE(files->append(kFunction, kStart, "two\n").ok());
  EXPECT_EQ(files->read_tail(kFunction, 10, std::nullopt), (Lines{"one", "tor", "two"}));
}

TEST_F(LogFilesTest, NeverHoldMoreThanTheirBytesOldestOut) {
  const auto files = open();
  for (int i = 0; i < 500; ++i) {
    ASSERT_TRUE(files->append(kFunction, kStart + Millis{i}, fmt::format("line {:04}\n", i)).ok());
    ASSERT_LE(bytes_on_disk(), options.bytes_max);
  }
  const Lines lines = files->read_tail(kFunction, 1000, std::nullopt);
  EXPECT_EQ(lines.back(), "line 0499");
  EXPECT_GT(lines.size(), 80U);
}

TEST_F(LogFilesTest, OneFunctionsLogDoesNotPushOutAnothers) {
  const auto files = open();
  ASSERT_TRUE(files->append(FunctionId{1}, kStart, "quiet\n").ok());
  for (int i = 0; i < 500; ++i) {
    ASSERT_TRUE(files->append(kFunction, kStart + Millis{i}, "a talkative function\n").ok());
  }
  EXPECT_EQ(files->read_tail(FunctionId{1}, 10, std::nullopt), Lines{"quiet"});
}

TEST_F(LogFilesTest, WhatIsOlderThanSevenDaysGoes) {
  const auto files = open();
  for (int day = 0; day < 10; ++day) {
    const WallTime at = kStart + std::chrono::hours{24 * day};
    ASSERT_TRUE(files->append(kFunction, at, fmt::format("day {}\n", day)).ok());
  }
  EXPECT_EQ(files->read_tail(kFunction, 100, std::nullopt).front(), "day 1");
  files->trim(kStart + std::chrono::hours{24 * 12});
  EXPECT_EQ(files->read_tail(kFunction, 100, std::nullopt).front(), "day 4");
  files->trim(kStart + std::chrono::hours{24 * 30});
  EXPECT_TRUE(files->read_tail(kFunction, 100, std::nullopt).empty()) << "nobody writes any more";
}

TEST_F(LogFilesTest, TrimReachesFunctionsThisEngineHasNotTouched) {
  ASSERT_TRUE(open()->append(kFunction, kStart, "old\n").ok());
  open()->trim(kStart + std::chrono::hours{24 * 9});
  EXPECT_EQ(segments(), 0U);
}

TEST_F(LogFilesTest, RefuseWhenTheDiskIsShortOfRoomForTheJournal) {
  const auto files = open();
  ASSERT_TRUE(files->append(kFunction, kStart, "before\n").ok());
  room = options.free_bytes_min;
  EXPECT_FALSE(files->append(kFunction, kStart, "too much\n").ok());
  room = kMuchRoom;
  EXPECT_TRUE(files->append(kFunction, kStart, "after\n").ok());
  EXPECT_EQ(files->read_tail(kFunction, 10, std::nullopt), (Lines{"before", "after"}));
}

TEST_F(LogFilesTest, CanBeReadForOneCallAlone) {
  const auto files = open();
  for (std::uint64_t i = 0; i < 20; ++i) {
    ASSERT_TRUE(files
                    ->append(kFunction, kStart + Millis{i},
                             line(call_id(i % 2), "mentions " + call_id(1).text()))
                    .ok());
  }
  const Lines lines = files->read_tail(kFunction, 3, call_id(0));
  ASSERT_EQ(lines.size(), 3U);
  for (const std::string& one : lines) {
    EXPECT_NE(one.find("c-1 " + call_id(0).text()), std::string::npos);
  }
  EXPECT_TRUE(files->read_tail(kFunction, 3, call_id(5)).empty());
}

TEST_F(LogFilesTest, ARemovedFunctionsLogIsGone) {
  const auto files = open();
  ASSERT_TRUE(files->append(kFunction, kStart, "one\n").ok());
  files->remove(kFunction);
  EXPECT_EQ(segments(), 0U);
  EXPECT_TRUE(files->read_tail(kFunction, 10, std::nullopt).empty());
  ASSERT_TRUE(files->append(kFunction, kStart, "late\n").ok());
}

TEST_F(LogFilesTest, AClockThatStepsBackKeepsTheOrder) {
  const auto files = open();
  const std::string full(90, 'x');
  ASSERT_TRUE(files->append(kFunction, kStart, "1" + full + "\n").ok());
  ASSERT_TRUE(files->append(kFunction, kStart - std::chrono::hours{1}, "2" + full + "\n").ok());
  ASSERT_TRUE(files->append(kFunction, kStart, "3" + full + "\n").ok());
  const Lines lines = open()->read_tail(kFunction, 10, std::nullopt);
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0][0], '1');
  EXPECT_EQ(lines[1][0], '2');
  EXPECT_EQ(lines[2][0], '3');
}

TEST_F(LogFilesTest, AFileThatCannotBeWrittenIsAnError) {
  std::ofstream(options.directory + "/42") << "not a directory";
  EXPECT_FALSE(open()->append(kFunction, kStart, "one\n").ok());
}

TEST_F(LogFilesTest, AForeignFileAmongThemIsLeftAlone) {
  const auto files = open();
  fs::create_directories(options.directory + "/42");
  std::ofstream(options.directory + "/42/notes.txt") << "mine";
  ASSERT_TRUE(files->append(kFunction, kStart, "one\n").ok());
  EXPECT_EQ(files->read_tail(kFunction, 10, std::nullopt), Lines{"one"});
  files->trim(kStart + std::chrono::hours{24 * 30});
  EXPECT_TRUE(fs::exists(options.directory + "/42/notes.txt"));
}

}  // namespace
}  // namespace convoke::test
