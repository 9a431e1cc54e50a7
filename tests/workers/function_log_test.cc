#include "workers/function_log.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/workers/fakes.h"

namespace convoke::test {
namespace {

constexpr FunctionId kFunction{7};
constexpr WallTime kNow = wall_from_ms(1'700'000'000'123);

class FunctionLogTest : public testing::Test {
 protected:
  ~FunctionLogTest() override { std::filesystem::remove_all(options.directory); }

  static LogLine line(std::string_view text, std::optional<CallId> call = std::nullopt) {
    return {kFunction, "c-1", call, kNow, text};
  }
  [[nodiscard]] std::vector<std::string> on_disk() {
    return files.read_tail(kFunction, 1000, std::nullopt);
  }
  void turn() {
    log->submit(kNow);
    disk.run_all();
  }

  LogFilesOptions options{temporary_directory()};
  std::uint64_t room = 1UL << 40;
  LogFiles files{options, [this](const std::string&) { return room; }};
  ManualIoThread disk;
  std::unique_ptr<FunctionLog> log = std::make_unique<FunctionLog>(files, disk, 1000);
};

TEST_F(FunctionLogTest, ALineOnDiskHasItsTimeInstanceAndCall) {
  log->write(line("hello world", call_id(1)));
  log->write(line("starting"));
  turn();
  EXPECT_EQ(on_disk(), (std::vector<std::string>{
                           "2023-11-14T22:13:20.123Z c-1 " + call_id(1).text() + " hello world",
                           "2023-11-14T22:13:20.123Z c-1 - starting"}));
}

TEST_F(FunctionLogTest, WhatATurnWroteGoesToTheDiskTogether) {
  turn();  // the first one also looks for old logs
  log->submit(kNow);
  EXPECT_TRUE(disk.waiting.empty()) << "a turn without lines asks nothing of the disk";
  for (int i = 0; i < 5; ++i) log->write(line("x"));
  EXPECT_TRUE(disk.waiting.empty());
  log->submit(kNow);
  EXPECT_EQ(disk.waiting.size(), 1U);
}

TEST_F(FunctionLogTest, OneBatchIsUnderWayAtATime) {
  log->write(line("one"));
  log->submit(kNow);
  log->write(line("two"));
  log->submit(kNow);
  EXPECT_EQ(disk.waiting.size(), 1U);
  disk.run_all();
  turn();
  EXPECT_EQ(on_disk().size(), 2U);
}

TEST_F(FunctionLogTest, ASlowDiskCostsLinesNotMemoryAndTheLogSaysHowMany) {
  const std::string text(300, 'x');
  for (int i = 0; i < 10; ++i) log->write(line(text));
  EXPECT_EQ(log->lines_lost(), 7U);
  turn();
  ASSERT_EQ(on_disk().size(), 4U);
  EXPECT_NE(on_disk().back().find("- - 7 lines were lost"), std::string::npos);
  log->write(line("after"));
  turn();
  EXPECT_EQ(on_disk().size(), 5U) << "there is room again, and the loss is told once";
}

TEST_F(FunctionLogTest, LinesUnderWayCountAgainstTheBound) {
  log->write(line(std::string(800, 'x')));
  log->submit(kNow);
  log->write(line(std::string(800, 'y')));
  EXPECT_EQ(log->lines_lost(), 1U);
}

TEST_F(FunctionLogTest, WhatAFullDiskRefusesIsCountedAndToldLater) {
  room = 0;
  log->write(line("one"));
  log->write(line("two"));
  turn();
  EXPECT_EQ(log->lines_lost(), 2U);
  log->submit(kNow);
  EXPECT_TRUE(disk.waiting.empty()) << "a full disk is not asked again without need";
  room = 1UL << 40;
  log->write(line("three"));
  turn();
  ASSERT_EQ(on_disk().size(), 2U);
  EXPECT_NE(on_disk()[0].find("three"), std::string::npos);
  EXPECT_NE(on_disk()[1].find("2 lines were lost"), std::string::npos);
}

TEST_F(FunctionLogTest, LinesStillWaitingAtItsEndAreWritten) {
  log->write(line("last words"));
  log.reset();
  disk.run_all();
  EXPECT_EQ(on_disk().size(), 1U);
}

TEST_F(FunctionLogTest, ACompletionAfterItsEndFindsNobody) {
  log->write(line("one"));
  log->submit(kNow);
  log.reset();
  disk.run_all();
  EXPECT_EQ(on_disk().size(), 1U);
}

TEST_F(FunctionLogTest, OldLogsAreLookedForOnceAnHour) {
  turn();
  log->submit(kNow + kLogTrimEvery - Millis{1});
  EXPECT_TRUE(disk.waiting.empty());
  log->submit(kNow + kLogTrimEvery);
  EXPECT_EQ(disk.waiting.size(), 1U);
}

}  // namespace
}  // namespace convoke::test
