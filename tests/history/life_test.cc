// What a record says through a call's life, and after the engine's.
#include <gtest/gtest.h>

#include "tests/history/world.h"

namespace convoke::history {
namespace {

class Life : public HistoryTest {};

std::string story(const Record& record) {
  std::string all;
  for (const Event& event : record.events) {
    if (!all.empty()) all += ' ';
    all += std::to_string(event.id) + ':' + std::string(name_of(event.state)) + '@' +
           std::to_string(to_ms(event.at));
    if (!event.error.empty()) all += '(' + event.error + ')';
  }
  return all;
}

AttemptReport report(std::int64_t dequeued, std::int64_t started, std::string error) {
  AttemptReport made;
  made.dequeued = at(dequeued);
  made.started = at(started);
  made.instance_id = "c-" + std::to_string(started);
  made.duration = Millis{9};
  made.error = std::move(error);
  made.message = made.error.empty() ? "" : "in words";
  return made;
}

Attempted attempted(std::int64_t ended, std::int64_t due, std::uint32_t retries) {
  return {call(1), at(ended), at(due), retries,
          report(ended - 2, ended - 1, "UnhandledInvocationError")};
}

TEST_F(Life, EveryMemberOfAnAcceptanceIsFoundByNameAndById) {
  Accepted fact = accepted(1, 100, "order-1");
  fact.qualifier = "prod";
  fact.event = "payload";
  fact.due = at(900);
  tell({fact});
  const std::optional<Record> record = get(1, Payload::kWith);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->id, call(1));
  EXPECT_EQ(record->function, kFunction);
  EXPECT_EQ(record->name, "order-1");
  EXPECT_EQ(record->qualifier, "prod");
  EXPECT_EQ(record->state, CallState::kEnqueued);
  EXPECT_EQ(record->accepted, at(100));
  EXPECT_EQ(record->due, at(900));
  EXPECT_EQ(record->started, WallTime{});
  EXPECT_EQ(record->ended, WallTime{});
  EXPECT_EQ(record->event, "payload");
  EXPECT_EQ(story(*record), "1:Enqueued@100");

  const auto by_name = history->get(kFunction, "order-1", Payload::kWithout);
  ASSERT_TRUE(by_name && *by_name);
  EXPECT_EQ((*by_name)->id, call(1));
  EXPECT_EQ((*by_name)->event, "") << "only on request";
}

TEST_F(Life, EveryMemberOfAnEndIsKept) {
  tell({accepted(1, 100)});
  Finished end = finished(1, 140, Settlement::kFailed);
  end.report = report(110, 120, "UnhandledInvocationError");
  end.result = R"({"errorMessage":"no"})";
  end.result_cut = true;
  end.destination_status = "Succeeded";
  end.retries = 2;
  tell({end});
  const std::optional<Record> record = get(1, Payload::kWith);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->state, CallState::kFailed);
  EXPECT_EQ(record->started, at(120));
  EXPECT_EQ(record->ended, at(140));
  EXPECT_EQ(record->retries, 2U);
  EXPECT_EQ(record->instance_id, "c-120");
  EXPECT_EQ(record->duration, Millis{9});
  EXPECT_EQ(record->error, "UnhandledInvocationError");
  EXPECT_EQ(record->message, "in words");
  EXPECT_EQ(record->destination_status, "Succeeded");
  EXPECT_EQ(record->result, R"({"errorMessage":"no"})");
  EXPECT_TRUE(record->result_cut);
  EXPECT_EQ(story(*record),
            "1:Enqueued@100 2:Dequeued@110 3:Running@120 4:Failed@140(UnhandledInvocationError)");
}

TEST_F(Life, WhatIsUnderWayIsShownAtOnce) {
  tell({accepted(1, 100)});
  show({Dequeued{call(1), at(110)}});
  EXPECT_EQ(state(1), CallState::kDequeued);
  show({Started{call(1), at(120), "c-1"}});
  std::optional<Record> record = get(1);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->state, CallState::kRunning);
  EXPECT_EQ(record->started, at(120));
  EXPECT_EQ(record->instance_id, "c-1");
  show({Stopping{call(1), at(130)}});
  EXPECT_EQ(state(1), CallState::kStopping);
  EXPECT_EQ(story(*get(1)), "1:Enqueued@100 2:Dequeued@110 3:Running@120 4:Stopping@130");
  tell({finished(1, 140, Settlement::kStopped)});
  EXPECT_EQ(state(1), CallState::kStopped);
}

TEST_F(Life, WhatIsGivenBackWaitsAgain) {
  tell({accepted(1, 100), attempted(130, 500, 1)});
  show({Dequeued{call(1), at(510)}, GivenBack{call(1), at(520)}});
  EXPECT_EQ(state(1), CallState::kRetrying);
}

TEST_F(Life, RetriesAreToldWithTheirTimesAndErrors) {
  tell({accepted(1, 100)});
  show({Dequeued{call(1), at(128)}, Started{call(1), at(129), "c-129"}});
  tell({attempted(130, 500, 1)});
  std::optional<Record> record = get(1);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->state, CallState::kRetrying);
  EXPECT_EQ(record->due, at(500));
  EXPECT_EQ(record->retries, 1U);
  show({Dequeued{call(1), at(510)}, Started{call(1), at(511), "c-2"}});
  const std::string before =
      "1:Enqueued@100 2:Dequeued@128 3:Running@129 4:Retrying@130(UnhandledInvocationError) ";
  EXPECT_EQ(story(*get(1)), before + "5:Dequeued@510 6:Running@511");
  Finished end = finished(1, 530);
  end.report = report(510, 511, "");
  tell({end});
  EXPECT_EQ(story(*get(1)), before + "5:Dequeued@510 6:Running@511 7:Succeeded@530");
  EXPECT_EQ(get(1)->error, "");
  EXPECT_EQ(get(1)->retries, 1U);
}

TEST_F(Life, ACallThatIsStoppedWhereItWaitsKeepsWhatItsLastAttemptSaid) {
  tell({accepted(1, 100), attempted(130, 500, 1), finished(1, 200, Settlement::kStopped)});
  const std::optional<Record> record = get(1);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->instance_id, "c-129");
  EXPECT_EQ(record->started, at(129));
  EXPECT_EQ(record->events.back().id, 5U);
  EXPECT_EQ(record->events.back().state, CallState::kStopped);
}

TEST_F(Life, OfManyAttemptsTheLastAreKeptAndKeepTheirIds) {
  tell({accepted(1, 100)});
  for (std::uint32_t i = 1; i <= 50; ++i) tell({attempted(1000 * i, 1000 * i + 500, i)});
  const std::optional<Record> record = get(1);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->retries, 50U);
  EXPECT_EQ(record->events.size(), 1 + 3 * kAttemptsKept);
  EXPECT_EQ(record->events.front().state, CallState::kEnqueued);
  EXPECT_EQ(record->events.back().id, 1U + 3 * 50);
  EXPECT_EQ(record->events.back().at, at(50'000));
}

TEST_F(Life, ADeliveryThatAnEndBeforeThisOneLeftMayHaveEndedAlready) {
  Finished end = finished(1, 140);
  end.destination_status = "Pending";
  tell({accepted(1, 100), Delivered{call(1), at(130), "Failed"}, end});
  EXPECT_EQ(get(1)->destination_status, "Failed") << "nobody will say more";
}

TEST_F(Life, ADeliveryMayEndBeforeTheHistoryKnowsOfItsCall) {
  Accepted fact = accepted(1, 100, "");
  fact.event = "e";
  Finished end = finished(1, 140, Settlement::kFailed);
  end.destination_status = "Pending";
  tell({Delivered{call(1), at(130), "Failed: answered 410"}});
  reopen();
  tell({fact, end});
  EXPECT_EQ(get(1)->destination_status, "Failed: answered 410") << "nobody will say more";
}

TEST_F(Life, WhatBecameOfADeliveryIsTold) {
  tell({accepted(1, 100), finished(1, 140), Delivered{call(1), at(150), "Failed"}});
  EXPECT_EQ(get(1)->destination_status, "Failed");
  EXPECT_EQ(state(1), CallState::kSucceeded);
}

TEST_F(Life, ACallWithoutANameIsKeptOnceItHasFailed) {
  Accepted fact = accepted(1, 100, "");
  fact.event = "again, please";
  Finished end = finished(1, 140, Settlement::kExpired);
  end.retries = 4;
  tell({fact, end});
  const std::optional<Record> record = get(1, Payload::kWith);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->state, CallState::kExpired);
  EXPECT_EQ(record->retries, 4U);
  EXPECT_EQ(record->event, "again, please");
  EXPECT_EQ(*history->name_in_use(kFunction, ""), false);
  EXPECT_FALSE(*history->get(kFunction, "", Payload::kWithout));
}

TEST_F(Life, RestartVoidsWhatWasUnderWay) {
  tell({accepted(1, 100), accepted(2, 101), accepted(3, 102)});
  tell({attempted(130, 500, 1)});
  show({Dequeued{call(1), at(510)}, Started{call(1), at(511), "c-2"}});
  show({Dequeued{call(2), at(110)}, Dequeued{call(3), at(110)}, Started{call(3), at(111), "c-3"}});
  reopen();
  EXPECT_EQ(state(1), CallState::kRetrying);
  EXPECT_EQ(state(2), CallState::kEnqueued);
  EXPECT_EQ(state(3), CallState::kEnqueued);
  EXPECT_EQ(get(1)->started, at(129)) << "of the attempt that is on record";
  EXPECT_EQ(get(1)->instance_id, "c-129");
  EXPECT_EQ(get(3)->started, WallTime{});
  EXPECT_EQ(story(*get(3)), "1:Enqueued@102");
}

TEST_F(Life, ANameIsInUseUntilItsRecordIsGone) {
  EXPECT_FALSE(*history->name_in_use(kFunction, "call-1"));
  tell({accepted(1, 100)});
  EXPECT_TRUE(*history->name_in_use(kFunction, "call-1"));
  EXPECT_FALSE(*history->name_in_use(kOther, "call-1")) << "names belong to functions";
  tell({finished(1, 140)});
  EXPECT_TRUE(*history->name_in_use(kFunction, "call-1"));
}

TEST_F(Life, HostileTextComesBackByteForByte) {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes += static_cast<char>(byte);
  const std::string quotes = "'); DROP TABLE calls; --\"\0'";
  const std::string nul = std::string("a\0b", 3) + "\xff\xc0\x80";
  Accepted fact = accepted(1, 100, nul);
  fact.qualifier = quotes;
  fact.event = bytes;
  Finished end = finished(1, 140, Settlement::kFailed);
  end.report = report(110, 120, nul);
  end.report.message = bytes;
  end.result = bytes + bytes;
  end.destination_status = nul;
  tell({fact, end});
  reopen();
  const auto found = history->get(kFunction, nul, Payload::kWith);
  ASSERT_TRUE(found && *found);
  const Record& record = **found;
  EXPECT_EQ(record.name, nul);
  EXPECT_EQ(record.qualifier, quotes);
  EXPECT_EQ(record.event, bytes);
  EXPECT_EQ(record.error, nul);
  EXPECT_EQ(record.message, bytes);
  EXPECT_EQ(record.result, bytes + bytes);
  EXPECT_EQ(record.destination_status, nul);
  EXPECT_FALSE(*history->get(kFunction, "a", Payload::kWithout)) << "a name does not end at NUL";
  EXPECT_FALSE(*history->name_in_use(kFunction, quotes));
}

}  // namespace
}  // namespace convoke::history
