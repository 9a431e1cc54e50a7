// Calls that failed, run again: what leaves the list, what stays on it, and what is said when that
// cannot be told.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/api/tasks.h"
#include "queue/history/history_archive.h"
#include "tests/history/faulty_disk.h"
#include "tests/registry/temp_dir.h"

namespace convoke {
namespace {

CallId call(std::uint64_t number) { return CallId::from_random(number, number); }

// Asks and accepts at once. Calls of which the test says so are refused.
class ImmediateTasks final : public TaskHost {
 public:
  explicit ImmediateTasks(history::History& history)
      : archive_([&history](const history::HistoryArchive::Question& question,
                            const std::function<void()>& answered) {
          question(history);
          answered();
        }) {}

  [[nodiscard]] const Directory& directory() const override { return directory_; }
  [[nodiscard]] history::Archive& archive() override { return archive_; }
  void stop_anywhere(FunctionId, const CallId&, Queue::Stopped) override {}
  void find_anywhere(const CallId&, Found) override {}
  void find_place(FunctionId, const CallId&, Found) override {}
  void explain_function(FunctionId, Explained explained) override { explained({}); }
  void accept_again(const history::Record& record, Queue::Accepted accepted) override {
    if (record.id == refuses) {
      return accepted(Error{ErrorCode::kResourceThrottled, "the queue is full"});
    }
    again.push_back(record.event);
    if (on_accepted) on_accepted();
    accepted({});
  }

  CallId refuses = call(0);
  std::function<void()> on_accepted;
  std::vector<std::string> again;  // the events of those that run again

 private:
  history::HistoryArchive archive_;
  Directory directory_;
};

class FailedCalls : public ::testing::Test {
 protected:
  FailedCalls() : history_(*history::History::open(directory_ / "history.db")), host_(*history_) {}

  void failed(std::uint64_t number) {
    history::Accepted accepted;
    accepted.id = call(number);
    accepted.function = FunctionId{1};
    accepted.event = "event " + std::to_string(number);
    accepted.accepted = accepted.due = wall_from_ms(static_cast<std::int64_t>(number));
    history::Finished finished;
    finished.id = call(number);
    finished.at = wall_from_ms(1000);
    finished.settlement = Settlement::kFailed;
    ASSERT_TRUE(history_->apply(
        {{0, {1, static_cast<std::uint32_t>(number)}, {std::move(accepted), finished}}}));
  }

  http::Response redrive(const std::string& order = "{}") {
    http::Request request;
    request.head.method = "POST";
    request.head.target = "/convoke/failed/redrive";
    request.body = order;
    http::Response answer;
    int answers = 0;
    Tasks(host_).handle(*route("POST", "/convoke/failed/redrive"), std::move(request), "r-1",
                        [&](http::Response response) {
                          answer = std::move(response);
                          ++answers;
                        });
    EXPECT_EQ(answers, 1);
    EXPECT_EQ(answer.headers.get("X-Fc-Request-Id"), "r-1");
    return answer;
  }
  [[nodiscard]] std::size_t listed() { return history_->list_failed({})->records.size(); }

  history::FaultyDisk disk_;
  TempDir directory_;
  std::unique_ptr<history::History> history_;
  ImmediateTasks host_;
};

TEST_F(FailedCalls, WhatRunsAgainLeavesTheListTheOldestFirst) {
  failed(1);
  failed(2);
  EXPECT_EQ(redrive(R"({"limit": 1})").status, 200);
  EXPECT_EQ(host_.again, std::vector<std::string>{"event 1"});
  EXPECT_EQ(listed(), 1U);
}

TEST_F(FailedCalls, ADryRunSaysWhatWouldRunAndRunsNothing) {
  failed(1);
  const http::Response answer = redrive(R"({"dryRun": true})");
  EXPECT_NE(answer.body.find(R"("wouldRun":[")" + call(1).text()), std::string::npos)
      << answer.body;
  EXPECT_TRUE(host_.again.empty());
  EXPECT_EQ(listed(), 1U);
}

TEST_F(FailedCalls, WhatIsRefusedStaysOnTheListAndSaysWhy) {
  failed(1);
  failed(2);
  host_.refuses = call(1);
  const http::Response answer = redrive();
  EXPECT_EQ(answer.status, 200);
  EXPECT_NE(answer.body.find(call(1).text() + ": the queue is full"), std::string::npos)
      << answer.body;
  EXPECT_EQ(host_.again, std::vector<std::string>{"event 2"});
  EXPECT_EQ(listed(), 1U);
}

TEST_F(FailedCalls, WhatRunsAgainAndCannotBeTakenOffTheListIsSaidSinceItWouldRunTwice) {
  failed(1);
  failed(2);
  host_.on_accepted = [this] { disk_.fail_from(0, SQLITE_FULL); };
  const http::Response answer = redrive();
  EXPECT_EQ(answer.status, 503);
  EXPECT_NE(answer.body.find("2 calls run again, and could not be taken off the list"),
            std::string::npos)
      << answer.body;
  EXPECT_NE(answer.body.find("make room"), std::string::npos) << answer.body;
  EXPECT_NE(answer.body.find("they would run twice"), std::string::npos) << answer.body;
  disk_.heal();
  EXPECT_EQ(listed(), 2U);
}

}  // namespace
}  // namespace convoke
