// What is kept of an attempt.
#include "core/dispatch/report.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "core/dispatch/queued_event.h"
#include "core/dispatch/successor.h"
#include "queue/delivery_name.h"

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

TEST(Report, AFailedFollowerIsKeptAsACallWithoutAName) {
  const auto kept_of = [](std::string name, Settlement settlement) {
    Call call;
    call.qualifier = "q";
    call.event = std::make_shared<const std::string>("outcome");
    call.lease = Call::Lease{};
    call.lease->name = std::move(name);
    return ending_of(call, Outcome{}, settlement, WallTime{});
  };
  const std::string follower = follower_name(CallId::from_random(1, 2));
  EXPECT_EQ(*kept_of(follower, Settlement::kFailed).event, "outcome");
  EXPECT_EQ(kept_of(follower, Settlement::kFailed).qualifier, "q");
  EXPECT_EQ(kept_of(follower, Settlement::kSucceeded).event, nullptr);
  EXPECT_EQ(kept_of("job", Settlement::kFailed).event, nullptr) << "it has a record already";
  EXPECT_FALSE(has_history(follower));
  EXPECT_EQ(delivered_call(follower), std::nullopt) << "or its end would be a delivery's";
}

TEST(Report, AFailedRequestIsKeptWithItsHead) {
  Call call;
  call.event = std::make_shared<const std::string>("body");
  call.http = std::make_shared<const HttpCall>(HttpCall{{"POST", "/a", {}}});
  call.lease = Call::Lease{};
  const Ending ending = ending_of(call, Outcome{}, Settlement::kFailed, WallTime{});
  EXPECT_EQ(*ending.event, queued_request(call.http->head, "body"));
}

}  // namespace
}  // namespace convoke
