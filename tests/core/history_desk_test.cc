// The history's desk when the history falls behind, or fails: who is refused, what is taken in, and
// what is left for the journals to tell again.
#include "core/history_desk.h"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <string>
#include <utility>

#include "tests/history/faulty_disk.h"
#include "tests/registry/temp_dir.h"

namespace convoke {
namespace {

constexpr std::uint32_t kJournal = 0;
constexpr HistoryLag kSmall{8, 1000};

// The only shard. Its tasks, and the history's jobs, run when they are told to.
class Door final : public ShardDoor {
 public:
  void post(std::function<void()> task) override { tasks.push_back(std::move(task)); }
  void apply(const Change&) override {}
  void on_gates(const SwitchScope&) override {}
  void when_ended(std::function<void(std::uint32_t)> then) override { then(0); }
  [[nodiscard]] std::vector<std::string> code_in_use() const override { return {}; }
  void on_taken(std::uint32_t, const history::Mark& upto) override { taken = upto; }
  void stop_call(FunctionId, const CallId&, Queue::Stopped) override {}
  void find_call(const CallId&, ShardStore::Found found) override { found(std::nullopt); }

  std::deque<std::function<void()>> tasks;
  history::Mark taken;  // the last that it was told
};

class HeldThread final : public IoThread {
 public:
  explicit HeldThread(Door& owner) : owner_(owner) {}
  void run(std::function<void()> job, std::function<void()> done) override {
    jobs.emplace_back([this, job = std::move(job), done = std::move(done)] {
      job();
      owner_.post(done);
    });
  }
  std::deque<std::function<void()>> jobs;

 private:
  Door& owner_;
};

bool run_one(std::deque<std::function<void()>>& from) {
  if (from.empty()) return false;
  const auto task = std::move(from.front());
  from.pop_front();
  task();
  return true;
}

class HistoryDeskTest : public ::testing::Test {
 protected:
  HistoryDeskTest()
      : desk_(*history::History::open(directory_ / "history.db"), kSmall), thread_(door_) {
    desk_.open({&door_}, thread_);
  }

  void tell(std::uint64_t facts, std::size_t event_bytes = 0) {
    history::Chapter chapter;
    chapter.journal = kJournal;
    for (std::uint64_t i = 0; i < facts; ++i) {
      ++last_;
      history::Accepted fact;
      fact.id = CallId::from_random(1, last_);
      fact.function = FunctionId{1};
      fact.name = "call-" + std::to_string(last_);
      fact.event.assign(event_bytes, 'e');
      chapter.facts.emplace_back(std::move(fact));
    }
    chapter.upto = told_upto_ = {1, static_cast<std::uint32_t>(last_)};
    desk_.tell(std::move(chapter));
  }
  void settle() {
    while (run_one(door_.tasks) || run_one(thread_.jobs)) {
    }
  }
  [[nodiscard]] ErrorCode refused() const {
    const Result<void> keeps_up = desk_.keeps_up();
    EXPECT_FALSE(keeps_up.ok());
    return keeps_up ? ErrorCode::kInvalidArgument : keeps_up.error().code;
  }
  [[nodiscard]] bool takes_all() const {
    return desk_.keeps_up().ok() && door_.taken == told_upto_ &&
           desk_.mark_of(kJournal) == told_upto_;
  }
  void expect_given_up_after(const history::Mark& taken) {
    EXPECT_EQ(refused(), ErrorCode::kServiceUnavailable);
    settle();
    desk_.retry();
    tell(1);
    settle();
    EXPECT_EQ(refused(), ErrorCode::kServiceUnavailable);
    EXPECT_EQ(desk_.mark_of(kJournal), taken) << "the journal keeps what comes after it";
    EXPECT_EQ(door_.taken, taken);
  }

  history::FaultyDisk disk_;
  TempDir directory_;
  HistoryDesk desk_;
  Door door_;
  HeldThread thread_;
  std::uint64_t last_ = 0;
  history::Mark told_upto_;
};

TEST_F(HistoryDeskTest, TakesInWhatItIsToldAndSaysHowFar) {
  tell(2);
  settle();
  EXPECT_TRUE(takes_all());
}

TEST_F(HistoryDeskTest, FarBehindItRefusesUntilItHasCaughtUp) {
  tell(3);
  EXPECT_TRUE(desk_.keeps_up().ok());
  tell(1);
  EXPECT_EQ(refused(), ErrorCode::kResourceThrottled);
  EXPECT_EQ(desk_.keeps_up().error().retry_after, Seconds{1});
  settle();
  EXPECT_TRUE(takes_all());
}

TEST_F(HistoryDeskTest, BytesThatItHoldsCountAsFactsDo) {
  tell(1, 499);
  EXPECT_TRUE(desk_.keeps_up().ok());
  tell(1, 1);
  EXPECT_EQ(refused(), ErrorCode::kResourceThrottled);
  settle();
  EXPECT_TRUE(takes_all());
}

TEST_F(HistoryDeskTest, TooManyFactsToHoldAreGivenUpAndLeftToTheJournals) {
  tell(1);
  settle();
  const history::Mark taken = told_upto_;
  tell(8);
  tell(1);
  expect_given_up_after(taken);
}

TEST_F(HistoryDeskTest, TooManyBytesToHoldAreGivenUpAndLeftToTheJournals) {
  tell(1, 1001);
  expect_given_up_after({});
}

TEST_F(HistoryDeskTest, AFullDiskIsTriedAgainInOrderAndNothingIsLost) {
  disk_.fail_from(0, SQLITE_FULL);
  tell(1);
  settle();
  tell(1);
  settle();
  desk_.retry();
  settle();
  EXPECT_EQ(desk_.mark_of(kJournal), history::Mark{});
  EXPECT_TRUE(desk_.keeps_up().ok()) << "it is behind, and not far";
  disk_.heal();
  EXPECT_TRUE(thread_.jobs.empty()) << "nothing is tried by itself";
  desk_.retry();
  settle();
  EXPECT_TRUE(takes_all());
}

TEST_F(HistoryDeskTest, WhileItsDiskIsFullItGivesNoNameForItMayHoldItUntaken) {
  const auto reserve = [this] {
    std::optional<Result<void>> answer;
    desk_.reserve(FunctionId{1}, "call-1", ShardIndex{0},
                  [&answer](const Result<void>& result) { answer = result; });
    settle();
    return answer && !answer->ok() ? answer->error().code : ErrorCode::kInvalidArgument;
  };
  disk_.fail_from(0, SQLITE_FULL);
  tell(1);
  EXPECT_EQ(reserve(), ErrorCode::kServiceUnavailable);
  disk_.heal();
  desk_.retry();
  EXPECT_EQ(reserve(), ErrorCode::kCallAlreadyExists);
}

TEST_F(HistoryDeskTest, ADiskThatStaysFullIsGivenUpAtTheBoundAndNotBefore) {
  disk_.fail_from(0, SQLITE_FULL);
  tell(4);
  settle();
  EXPECT_EQ(refused(), ErrorCode::kResourceThrottled);
  tell(4);
  EXPECT_EQ(refused(), ErrorCode::kResourceThrottled);
  tell(1);
  disk_.heal();
  expect_given_up_after({});
}

TEST_F(HistoryDeskTest, AnIoErrorIsGivenUpAtTheNextTry) {
  disk_.fail_from(0, SQLITE_IOERR_WRITE);
  tell(1);
  settle();
  disk_.heal();
  desk_.retry();
  settle();
  expect_given_up_after({});
}

TEST_F(HistoryDeskTest, AHistoryOfOtherJournalsIsGivenUp) {
  tell(5);
  settle();
  const history::Mark taken = told_upto_;
  last_ = 1;  // another journal's mark, behind the one that is known
  tell(1);
  settle();
  expect_given_up_after(taken);
}

TEST_F(HistoryDeskTest, AQuestionSeesWhatWasToldBeforeItEvenIfItWasAskedAtOnce) {
  tell(1);
  std::optional<bool> known;
  desk_.ask(
      ShardIndex{0},
      [&](history::History& history) { known = *history.name_in_use(FunctionId{1}, "call-1"); },
      [] {});
  settle();
  EXPECT_EQ(known, true);
}

}  // namespace
}  // namespace convoke
