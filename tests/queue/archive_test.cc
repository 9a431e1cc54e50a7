// The life of calls that have a name, as every history tells it.
#include "tests/queue/archive_suite.h"

namespace convoke::fake {
namespace {

TEST_P(ArchiveSuite, ANamedCallIsShownInEachOfItsStates) {
  NewCall call = named("job");
  call.due = call.accepted;
  ASSERT_TRUE(side().accept(call).ok());
  auto record = find("job");
  ASSERT_TRUE(record);
  EXPECT_EQ(record->id, call.id);
  EXPECT_EQ(record->function, kF);
  EXPECT_EQ(record->qualifier, "LATEST");
  EXPECT_EQ(record->state, CallState::kEnqueued);
  EXPECT_EQ(record->accepted, call.accepted);
  EXPECT_EQ(record->ended, WallTime{});
  EXPECT_EQ(events(*record), "1 Enqueued");

  const Receipt receipt = claimed();
  record = find(call.id);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->name, "job");
  EXPECT_EQ(record->state, CallState::kDequeued);
  EXPECT_EQ(events(*record), "1 Enqueued, 2 Dequeued");

  world().queue().note_started(receipt, now() + Millis{3}, "i-9");
  record = find("job");
  EXPECT_EQ(record->state, CallState::kRunning);
  EXPECT_EQ(record->started, now() + Millis{3});
  EXPECT_EQ(record->instance_id, "i-9");
  EXPECT_EQ(events(*record), "1 Enqueued, 2 Dequeued, 3 Running");

  Ending ending = Settlement::kSucceeded;
  ending.report = report();
  ending.result = "answer";
  EXPECT_EQ(world().settled(receipt, ending), SettleResult::kDone);
  record = find("job", Payload::kWith);
  EXPECT_EQ(record->state, CallState::kSucceeded);
  EXPECT_EQ(record->started, now() + Millis{1});
  EXPECT_EQ(record->ended, now());
  EXPECT_EQ(record->instance_id, "i-1");
  EXPECT_EQ(record->duration, Millis{7});
  EXPECT_EQ(record->error, "");
  EXPECT_EQ(record->event, "event of job");
  EXPECT_EQ(record->result, "answer");
  EXPECT_FALSE(record->result_cut);
  EXPECT_EQ(record->retries, 0U);
  EXPECT_EQ(events(*record), "1 Enqueued, 2 Dequeued, 3 Running, 4 Succeeded");
  EXPECT_EQ(find("job")->event, "") << "not asked for";
}

TEST_P(ArchiveSuite, WhatIsNotThereIsNotFound) {
  accepted("job");
  EXPECT_FALSE(find("jo"));
  EXPECT_FALSE(find(""));
  EXPECT_FALSE(find("job", Payload::kWithout, kG));
  EXPECT_FALSE(find(CallId::from_random(5, 5)));
}

TEST_P(ArchiveSuite, TheEngineOwnCallsAndThoseWithoutANameThatSucceededAreNot) {
  const CallId own = accepted("@own");
  const CallId plain = world().accepted(kF);
  EXPECT_FALSE(find(own));
  EXPECT_FALSE(find("@own"));
  ended(Settlement::kSucceeded);
  ended(Settlement::kSucceeded);
  EXPECT_FALSE(find(own));
  EXPECT_FALSE(find("@own"));
  EXPECT_FALSE(find(plain));
}

// As a function is called with another call's outcome.
TEST_P(ArchiveSuite, AFailedCallOfTheEnginesOwnIsOneWithoutAName) {
  const CallId own = accepted("@>own");
  Ending failed = Settlement::kFailed;
  failed.report = report();
  failed.qualifier = "LATEST";
  failed.event = std::make_shared<const std::string>("outcome");
  EXPECT_EQ(world().settled(claimed(), failed), SettleResult::kDone);
  const auto record = find(own, Payload::kWith);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->name, "");
  EXPECT_EQ(record->qualifier, "LATEST");
  EXPECT_EQ(record->state, CallState::kFailed);
  EXPECT_EQ(record->error, report().error);
  EXPECT_FALSE(find("@>own"));
  accepted("@>own");
  EXPECT_TRUE(find(own)) << "the name is free, and the record not its";
}

TEST_P(ArchiveSuite, EachAttemptIsToldAndTheCallWaitsBetweenThem) {
  accepted("job");
  const Receipt first = claimed();
  std::optional<SettleResult> answer;
  world().queue().postpone(first, now() + Seconds{2}, Spends::kAttempt,
                           report("HandledInvocationError"),
                           [&](SettleResult result) { answer = result; });
  auto record = find("job", Payload::kWith);
  ASSERT_EQ(answer, SettleResult::kDone);
  EXPECT_EQ(record->state, CallState::kRetrying);
  EXPECT_EQ(record->due, now() + Seconds{2});
  EXPECT_EQ(record->retries, 1U);
  EXPECT_EQ(record->error, "HandledInvocationError");
  EXPECT_EQ(record->event, "event of job") << "it waits in the queue";
  EXPECT_EQ(events(*record), "1 Enqueued, 2 Dequeued, 3 Running, 4 Retrying");
  EXPECT_EQ(record->events.at(3).error, "HandledInvocationError");

  const WallTime first_start = now() + Millis{1};
  world().advance(Seconds{2});
  AttemptReport never_started;
  never_started.dequeued = now();
  never_started.error = "ResourceThrottled";
  const Receipt second = claimed();
  world().queue().postpone(second, now() + Seconds{1}, Spends::kAge, never_started,
                           [](SettleResult) {});
  record = find("job");
  EXPECT_EQ(record->started, first_start) << "of the last attempt that got so far";
  EXPECT_EQ(events(*record),
            "1 Enqueued, 2 Dequeued, 3 Running, 4 Retrying, 5 Dequeued, 6 Retrying");

  world().advance(Seconds{1});
  Ending ending = Settlement::kFailed;
  ending.report = report("UnhandledInvocationError");
  ending.result = "body";
  ending.result_cut = true;
  EXPECT_EQ(world().settled(claimed(), ending), SettleResult::kDone);
  record = find("job", Payload::kWith);
  EXPECT_EQ(record->state, CallState::kFailed);
  EXPECT_EQ(record->retries, 2U);
  EXPECT_EQ(record->message, "in words");
  EXPECT_TRUE(record->result_cut);
  EXPECT_EQ(events(*record).substr(events(*record).rfind("7 ")), "7 Dequeued, 8 Running, 9 Failed");
}

TEST_P(ArchiveSuite, TheLastAttemptsAreKeptUnderTheirNumbers) {
  accepted("job");
  for (int i = 0; i < 25; ++i) {
    world().queue().postpone(claimed(), now() + Millis{1}, Spends::kAge, report("x"),
                             [](SettleResult) {});
    world().settle();
    world().advance(Millis{1});
  }
  ended(Settlement::kExpired);
  const auto record = find("job");
  EXPECT_EQ(record->retries, 25U);
  ASSERT_EQ(record->events.size(), 1U + 3 * 19 + 1);
  EXPECT_EQ(record->events[0].id, 1U);
  EXPECT_EQ(record->events[1].id, 2U + 3 * 6);
  EXPECT_EQ(record->events.back().id, 2U + 3 * 25);
  EXPECT_EQ(record->events.back().state, CallState::kExpired);
}

TEST_P(ArchiveSuite, ACallGivenBackWaitsAgain) {
  accepted("job");
  world().queue().give_back(claimed());
  EXPECT_EQ(find("job")->state, CallState::kEnqueued);
  const Receipt again = claimed();
  EXPECT_EQ(find("job")->state, CallState::kDequeued);
  world().queue().give_back(again);
  world().advance(Seconds{2});  // to whoever has room
  EXPECT_EQ(find("job")->state, CallState::kEnqueued);
  EXPECT_EQ(world().settled(claimed()), SettleResult::kDone);
  EXPECT_EQ(find("job")->state, CallState::kSucceeded);
}

TEST_P(ArchiveSuite, AStopEndsACallThatWaits) {
  const CallId ready = accepted("ready");
  NewCall later = named("later");
  later.due += Seconds{60};
  ASSERT_TRUE(side().accept(later).ok());
  EXPECT_EQ(world().stopped(ready), StopResult::kStopped);
  EXPECT_EQ(world().stopped(later.id), StopResult::kStopped);
  for (const char* name : {"ready", "later"}) {
    const auto record = find(name, Payload::kWith);
    EXPECT_EQ(record->state, CallState::kStopped);
    EXPECT_EQ(record->ended, now());
    EXPECT_EQ(record->started, WallTime{});
    EXPECT_EQ(record->event, std::string("event of ") + name);
    EXPECT_EQ(events(*record), "1 Enqueued, 2 Stopped");
  }
}

TEST_P(ArchiveSuite, AStopOfACallUnderWayIsShownUntilItEnds) {
  const CallId id = accepted("job");
  const Receipt receipt = claimed();
  world().queue().note_started(receipt, now(), "i-1");
  EXPECT_EQ(world().stopped(id), StopResult::kUnderWay);
  auto record = find("job");
  EXPECT_EQ(record->state, CallState::kStopping);
  EXPECT_EQ(events(*record), "1 Enqueued, 2 Dequeued, 3 Running, 4 Stopping");
  Ending ending = Settlement::kStopped;
  ending.report = report("AsyncInvocationStopped");
  EXPECT_EQ(world().settled(receipt, ending), SettleResult::kDone);
  record = find("job");
  EXPECT_EQ(record->state, CallState::kStopped);
  EXPECT_EQ(events(*record), "1 Enqueued, 2 Dequeued, 3 Running, 4 Stopped");
}

TEST_P(ArchiveSuite, ANameIsInUseForAsLongAsItsRecordIsKept) {
  accepted("job");
  EXPECT_FALSE(side().accept(named("job")).ok());
  EXPECT_TRUE(side().accept(named("job", kG)).ok()) << "names are per function";
  ended(Settlement::kSucceeded);
  const auto refused = side().accept(named("job"));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kCallAlreadyExists);
  world().advance(Seconds{10});
  side().collect(Seconds{11});
  EXPECT_TRUE(find("job"));
  side().collect(Seconds{9});
  EXPECT_FALSE(find("job"));
  EXPECT_TRUE(find("job", Payload::kWithout, kG)) << "it has not ended";
  EXPECT_TRUE(side().accept(named("job")).ok());
  EXPECT_EQ(find("job")->state, CallState::kEnqueued);
}

TEST_P(ArchiveSuite, WhatADestinationWasSentIsTold) {
  for (const char* name : {"pending", "delivered", "failed"}) {
    const CallId id = accepted(name);
    Ending ending = Settlement::kSucceeded;
    ending.report = report();
    ending.destination_status = "Pending";
    NewCall delivery = world().call(delivery_line_of(kF), "delivery");
    delivery.name = "@" + id.text();
    ending.successor = delivery;
    ASSERT_EQ(world().settled(claimed(), ending), SettleResult::kDone);
    EXPECT_EQ(find(name)->destination_status, "Pending");
    if (name == std::string("pending")) {
      EXPECT_EQ(world().stopped(delivery.id, delivery_line_of(kF)), StopResult::kStopped);
    }
  }
  EXPECT_EQ(world().settled(claimed(delivery_line_of(kF))), SettleResult::kDone);
  Ending refused = Settlement::kFailed;
  refused.report.message = "Failed: answered 404";
  EXPECT_EQ(world().settled(claimed(delivery_line_of(kF)), refused), SettleResult::kDone);
  EXPECT_EQ(find("delivered")->destination_status, "Succeeded");
  EXPECT_EQ(find("failed")->destination_status, "Failed: answered 404");
}

TEST_P(ArchiveSuite, ADeliveryThatIsToldBeforeTheEndIsNotForgotten) {
  const NewCall call = world().call(kF, "event");
  ASSERT_TRUE(world().accept(call).ok());
  const Receipt receipt = claimed();
  NewCall delivery = world().call(delivery_line_of(kF), "delivery");
  delivery.name = "@" + call.id.text();
  Ending ending = Settlement::kFailed;
  ending.report = report("x");
  ending.destination_status = "Pending";
  ending.event = std::make_shared<const std::string>("event");
  ending.successor = delivery;
  SettleResult answer{};
  world().queue().settle(receipt, ending, [&](SettleResult result) { answer = result; });
  std::vector<ClaimedCall> deliveries;
  world().queue().claim(delivery_line_of(kF), 1);
  side().settle();
  deliveries = world().heard.take(delivery_line_of(kF));
  if (deliveries.empty()) deliveries = world().claim(delivery_line_of(kF));
  ASSERT_EQ(deliveries.size(), 1U);
  EXPECT_EQ(world().settled(deliveries[0].receipt), SettleResult::kDone);
  EXPECT_EQ(answer, SettleResult::kDone);
  EXPECT_EQ(find(call.id)->destination_status, "Succeeded");
}

TEST_P(ArchiveSuite, ItSurvivesTheEnginesDeath) {
  accepted("waits");
  accepted("runs");
  const CallId gone = accepted("ended");
  EXPECT_EQ(world().stopped(gone), StopResult::kStopped);
  const Receipt receipt = claimed();
  world().queue().note_started(receipt, now(), "i-1");
  EXPECT_EQ(find("waits")->state, CallState::kRunning) << "the first";
  side().crash();
  EXPECT_EQ(find("waits")->state, CallState::kEnqueued) << "what was under way is void";
  EXPECT_EQ(find("ended")->state, CallState::kStopped);
  EXPECT_FALSE(side().accept(named("runs")).ok());
  ended(Settlement::kSucceeded);
  ended(Settlement::kFailed);
  EXPECT_EQ(find("waits", Payload::kWith)->state, CallState::kSucceeded);
  EXPECT_EQ(find("waits", Payload::kWith)->event, "event of waits");
  EXPECT_EQ(find("runs")->state, CallState::kFailed);
}

INSTANTIATE_TEST_SUITE_P(Life, ArchiveSuite, archive_kinds(), archive_kind_name);

}  // namespace
}  // namespace convoke::fake
