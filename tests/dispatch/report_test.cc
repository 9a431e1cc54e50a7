// What is kept of an attempt.
#include "core/dispatch/report.h"

#include <gtest/gtest.h>

namespace convoke {
namespace {

TEST(Report, AnAttemptNeverBeginsBeforeItsCallCameOutOfTheQueue) {
  const WallTime dequeued = wall_from_ms(1'700'000'000'000);
  Call call;
  call.lease = Call::Lease{};
  call.lease->dequeued = dequeued;
  Outcome outcome;
  outcome.instance_id = "i";
  outcome.duration = Millis{5};
  EXPECT_EQ(report_of(call, outcome, dequeued + Millis{4}).started, dequeued);
  EXPECT_EQ(report_of(call, outcome, dequeued + Millis{9}).started, dequeued + Millis{4});
}

}  // namespace
}  // namespace convoke
