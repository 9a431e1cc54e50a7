#include "core/observe/explanation.h"

#include <gtest/gtest.h>

#include "queue/queue.h"

namespace convoke {
namespace {

const WallTime kNow = wall_from_ms(1'000'000);

Circumstances waiting() {
  Circumstances about;
  about.now = about.due = kNow;
  about.ready = 3;
  return about;
}

TEST(Explanation, WhatRunsOrHasEndedWaitsForNothing) {
  Circumstances about = waiting();
  about.state = CallState::kRunning;
  EXPECT_EQ(explain(about).rule, "running");
  about.state = CallState::kStopped;
  EXPECT_EQ(explain(about).rule, "ended");
}

TEST(Explanation, ADelayIsNoBackOffAndBothSayUntilWhen) {
  Circumstances about = waiting();
  about.due = kNow + Millis{2500};
  EXPECT_EQ(explain(about).rule, "delay");
  EXPECT_EQ(explain(about).until, about.due);
  EXPECT_NE(explain(about).text.find("2.5 s"), std::string::npos) << explain(about).text;
  about.retries = 2;
  EXPECT_EQ(explain(about).rule, "backOff");
  EXPECT_NE(explain(about).text.find("After 2 attempts"), std::string::npos);
}

TEST(Explanation, WhatWaitsForLongerThanItsBackOffWaitsForTheRetryBudget) {
  Circumstances about = waiting();
  about.retries = 1;
  about.backoff_max = Millis{500};
  about.due = kNow + Millis{500};
  EXPECT_EQ(explain(about).rule, "backOff");
  about.due = kNow + Millis{501};
  EXPECT_EQ(explain(about).rule, "retryBudget");
  EXPECT_EQ(explain(about).until, about.due);
}

TEST(Explanation, AFunctionThatHadNoRoomHoldsItsQueuedCallsAndSaysUntilWhen) {
  Circumstances about = waiting();
  about.limit = 1;
  about.window = NarrowWindow{1, 0, Millis{1500}};
  EXPECT_EQ(explain(about).rule, "overload");
  EXPECT_EQ(explain(about).until, kNow + Millis{1500});
  EXPECT_NE(explain(about).text.find("asked again in 1.5 s"), std::string::npos);
  about.window = NarrowWindow{4, 4, {}};
  EXPECT_EQ(explain(about).until, std::nullopt);
  EXPECT_NE(explain(about).text.find("4 are under way"), std::string::npos);
}

TEST(Explanation, OfSeveralRulesTheOneThatHoldsItLongestIsTold) {
  Circumstances about = waiting();
  about.limit = 0;
  about.may_start = false;
  EXPECT_EQ(explain(about).rule, "stopped");
  about.limit = 5;
  EXPECT_EQ(explain(about).rule, "noLease");
  about.function_there = false;
  EXPECT_EQ(explain(about).rule, "deleted");
}

TEST(Explanation, ALimitIsTheRuleOnlyWhereItIsReached) {
  Circumstances about = waiting();
  about.limit = about.allowed = 2;
  about.instances = 2;
  EXPECT_EQ(explain(about).rule, "limit");
  EXPECT_NE(explain(about).text.find("there are 2 here"), std::string::npos) << explain(about).text;
  about.allowed = 0;
  about.instances = 0;
  EXPECT_NE(explain(about).text.find("of which 0 may be on this engine now"), std::string::npos);
  about.allowed = 2;
  EXPECT_EQ(explain(about).rule, "queue");
  about.limit.reset();
  about.allowed = 0;
  EXPECT_EQ(explain(about).rule, "queue");
}

TEST(Explanation, ACallThatWaitsIsToldHowManyGoBeforeIt) {
  const auto says = [](const Circumstances& about, std::string_view words) {
    return explain(about).text.find(words) != std::string::npos;
  };
  Circumstances about = waiting();
  EXPECT_FALSE(says(about, "before it")) << "it is not known";
  about.ahead = 2;
  EXPECT_TRUE(says(about, "3 calls of the function wait, and 2 go before it:"));
  about.ahead = 1;
  EXPECT_TRUE(says(about, "and 1 goes before it:"));
  about.ahead = 0;
  EXPECT_TRUE(says(about, "and it is the first of them:"));
  about.ahead = kAheadMax;
  EXPECT_TRUE(says(about, "and 10000 go before it:"));
  about.ahead = kAheadMax + 1;
  EXPECT_TRUE(says(about, "and more than 10000 go before it:"));
  about.queues = 2;
  EXPECT_TRUE(says(about, "before it on its shard:"));
  about.limit = about.allowed = about.instances = 1;
  EXPECT_TRUE(says(about, "before it on its shard: it runs"));
  about.limit = 0;
  EXPECT_TRUE(says(about, "before it on its shard, until"));
}

}  // namespace
}  // namespace convoke
