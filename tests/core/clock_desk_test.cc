// Advances over scripted shards: order, moments, and who is refused.
#include "core/clock_desk.h"

#include <gtest/gtest.h>

#include <deque>
#include <set>

namespace convoke {
namespace {

using Tasks = std::deque<std::function<void()>>;

// A shard with a script of moments at which something is due.
class ScriptedDoor final : public TimeDoor {
 public:
  explicit ScriptedDoor(Tasks& tasks) : tasks_(tasks) {}
  void post(std::function<void()> task) override { tasks_.push_back(std::move(task)); }
  void move_time(Millis passed) override {
    at = passed;
    moves.push_back(passed.count());
    due.erase(due.begin(), due.upper_bound(passed.count()));
  }
  void look(Millis, std::function<void(Rest)> looked) override {
    const auto next = due.empty() ? std::nullopt : std::optional<Millis>(*due.begin());
    looked({rests, 0, next});
  }

  Millis at{};
  std::set<std::int64_t> due;
  std::vector<std::int64_t> moves;
  bool rests = true;

 private:
  Tasks& tasks_;
};

struct Desk {
  Desk() { desk.open({&first, &second}); }
  void advance(Millis by) {
    AdvanceOrder order;
    order.by = by;
    desk.advance(order, ShardIndex{1},
                 [this](Result<AdvanceResult> result) { results.push_back(std::move(result)); });
  }
  void run() {
    while (!tasks.empty()) {
      const auto task = std::move(tasks.front());
      tasks.pop_front();
      task();
    }
  }

  Tasks tasks;
  ScriptedDoor first{tasks};
  ScriptedDoor second{tasks};
  ClockDesk desk;
  std::vector<Result<AdvanceResult>> results;
};

TEST(ClockDesk, ShardsTakeEveryMomentTogether) {
  Desk desk;
  desk.first.due = {10, 300};
  desk.second.due = {20};
  desk.advance(Millis{100});
  desk.run();
  EXPECT_EQ(desk.first.moves, (std::vector<std::int64_t>{10, 20, 100}));
  EXPECT_EQ(desk.second.moves, desk.first.moves);
  ASSERT_EQ(desk.results.size(), 1U);
  EXPECT_TRUE(desk.results[0]->complete);
  EXPECT_EQ(desk.results[0]->steps, 3U);
}

TEST(ClockDesk, AdvancesFollowEachOther) {
  Desk desk;
  desk.advance(Millis{5});
  desk.advance(Millis{7});
  desk.run();
  EXPECT_EQ(desk.first.moves, (std::vector<std::int64_t>{5, 12}));
  EXPECT_EQ(desk.results.size(), 2U);
}

TEST(ClockDesk, MoreAdvancesThanMayWaitAreRefused) {
  Desk desk;
  for (std::size_t i = 0; i <= ClockDesk::kAdvancesMax; ++i) desk.advance(Millis{1});
  desk.run();
  ASSERT_EQ(desk.results.size(), ClockDesk::kAdvancesMax + 1);
  EXPECT_EQ(desk.results.front().error().code, ErrorCode::kResourceThrottled);
  EXPECT_EQ(desk.first.at, Millis{ClockDesk::kAdvancesMax});
}

TEST(ClockDesk, ClockIsNeverMoreThanTenYearsAhead) {
  Desk desk;
  desk.advance(ClockDesk::kPassedMax);
  desk.advance(Millis{1});
  desk.run();
  EXPECT_EQ(desk.results.front().error().code, ErrorCode::kInvalidArgument);
  EXPECT_TRUE(desk.results.back()->complete);
}

TEST(ClockDesk, EngineThatDoesNotRestIsSaidAndTheNextAdvanceTriesAgain) {
  Desk desk;
  desk.second.rests = false;
  desk.advance(Millis{5});
  desk.run();
  EXPECT_FALSE(desk.results[0]->complete);
  EXPECT_EQ(desk.first.at, Millis{0});
  desk.second.rests = true;
  desk.advance(Millis{5});
  desk.run();
  EXPECT_TRUE(desk.results[1]->complete);
  EXPECT_EQ(desk.first.at, Millis{5});
}

}  // namespace
}  // namespace convoke
