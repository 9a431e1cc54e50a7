#include "core/observe/explanation.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace convoke
