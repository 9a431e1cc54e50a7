#include "core/api/generation_guard.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/api/event_cause.h"
#include "core/guard/temporary_credentials.h"

namespace convoke {
namespace {

struct SteppedClock final : Clock {
  [[nodiscard]] Instant now() const override { return Instant{wall_time.time_since_epoch()}; }
  [[nodiscard]] WallTime wall() const override { return wall_time; }
  WallTime wall_time{Seconds{1'700'000'000}};
};

constexpr std::uint64_t kCallsMax = 40'000;
constexpr FunctionId kF{10};
constexpr FunctionId kG{11};

// A store of objects that notifies the engine, and functions that write to it, one call after the
// other.
class ObjectLoop : public testing::Test {
 protected:
  // What a function does when it is called for a key.
  using Body = std::function<void(const std::string& key)>;

  ObjectLoop() {
    auto service = std::make_shared<Service>();
    service->name = "s";
    directory.apply({1, ServicePut{service}});
    for (const FunctionId id : {kF, kG}) {
      auto function = std::make_shared<Function>();
      function->id = id;
      function->spec.service = "s";
      function->spec.name = id == kF ? "f" : "g";
      directory.apply({id.value, FunctionPut{function}});
    }
  }

  void put_trigger(FunctionId function, const std::string& prefix, std::uint8_t generations = 16,
                   std::optional<TriggerPause> paused = std::nullopt) {
    auto trigger = std::make_shared<Trigger>();
    trigger->id = function.value;
    trigger->service = "s";
    trigger->function = function == kF ? "f" : "g";
    trigger->function_id = function;
    trigger->name = "t";
    trigger->config = ObjectTrigger{"photos", {"oss:ObjectCreated:*"}, prefix, "", generations};
    trigger->paused = std::move(paused);
    triggers.apply({++version, TriggerPut{trigger}});
  }

  // As MinIO tells of it.
  struct Store {
    std::string principal;
    std::string lineage;
  };
  void store(const std::string& key, const Store& by = {}) {
    notify(key, by);
    if (running_now) return;
    while (!queue.empty()) {
      const auto [triggered, of] = std::move(queue.front());
      queue.pop_front();
      run(triggered, of);
    }
  }

  void notify(const std::string& key, const Store& by) {
    const auto time = std::chrono::duration_cast<Millis>(clock.wall_time.time_since_epoch());
    auto events = read_object_events(fmt::format(
        R"({{"Records":[{{"eventName":"s3:ObjectCreated:Put","eventTime":"2023-11-14T{:02}:{:02}:{:02}.{:03}Z",)"
        R"("userIdentity":{{"principalId":"{}"}},"s3":{{"bucket":{{"name":"photos"}},"object":)"
        R"({{"key":"{}","userMetadata":{{"X-Amz-Meta-Convoke-Lineage":"{}"}}}}}}}}]}})",
        time.count() / 3'600'000 % 24, time.count() / 60'000 % 60, time.count() / 1000 % 60,
        time.count() % 1000, by.principal, key, by.lineage));
    ASSERT_TRUE(events) << events.error().message;
    ASSERT_LT(calls, kCallsMax) << "a loop goes on and on";
    auto set_off = calls_set_off(*events, triggers);
    ASSERT_TRUE(set_off);
    dropped += set_off->dropped;
    EventCause cause(lineages, works);
    for (TriggeredCall& triggered : set_off->calls) {
      ++calls;
      triggered.id = CallId::from_random(calls, calls);
      triggered.lineage = cause.lineage_of(events->front(), std::nullopt, triggered.id,
                                           triggered.function, clock.wall());
      queue.emplace_back(triggered, key);
    }
  }

  void run(const TriggeredCall& triggered, const std::string& key) {
    Call call;
    call.id = triggered.id;
    call.function = triggered.function;
    call.event = std::make_shared<const std::string>(triggered.event);
    call.lineage = triggered.lineage;
    if (auto refused = guard.begins(call)) {
      failed.push_back(*refused);
      return;
    }
    ++runs[call.function];
    most_visits = std::max(most_visits, visits_of(call.its_lineage(), tag_of(call.function)));
    const PlaceTag place = running.take(true);
    running.begin(place, call.id, call.its_lineage());
    token = seal.seal({call.its_lineage(), call.id, place, clock.wall_time + Seconds{60}});
    clock.wall_time += Millis{100};
    running_now = true;
    if (bodies[call.function]) bodies[call.function](key);
    running_now = false;
    clock.wall_time += Millis{100};
    running.give_back(place);
    guard.over(call);
  }

  SteppedClock clock;
  Directory directory;
  BucketIndex triggers;
  ObjectWorks works;
  LineageSeal seal{"the engine's key"};
  RunningCalls running{Rng::seeded(1)};
  LineageWorld lineages{&seal, &running};
  std::vector<PauseTrigger> pauses;
  std::vector<std::string> said;
  GenerationGuard guard{{clock, directory, triggers, works},
                        {[this](PauseTrigger pause, auto done) {
                           pauses.push_back(std::move(pause));
                           put_trigger(kF, "", 16, TriggerPause{clock.wall(), "a loop"});
                           done({});
                         },
                         [this](std::string_view what) { said.emplace_back(what); }}};
  std::deque<std::pair<TriggeredCall, std::string>> queue;  // and the keys
  bool running_now = false;
  std::uint64_t version = 20;
  std::uint64_t calls = 0;
  std::map<FunctionId, int> runs;
  std::map<FunctionId, Body> bodies;
  std::vector<Error> failed;
  std::size_t dropped = 0;
  std::uint8_t most_visits = 0;
  LineageText token{};  // of the call that began last
};

TEST_F(ObjectLoop, TheThumbnailLoopIsCutByItsKeysAloneAndItsTriggerPaused) {
  put_trigger(kF, "");
  bodies[kF] = [this](const std::string& key) { store("small-" + key); };
  store("cat.jpg");
  EXPECT_EQ(runs[kF], 16);
  ASSERT_EQ(failed.size(), 1U);
  EXPECT_EQ(failed.front().code, ErrorCode::kRecursiveInvocation);
  EXPECT_NE(failed.front().message.find("... -> s/f -> s/f"), std::string::npos)
      << failed.front().message;
  ASSERT_EQ(pauses.size(), 1U);
  EXPECT_EQ(pauses.front().name, "t");
  EXPECT_EQ(pauses.front().why, failed.front().message);
  ASSERT_EQ(said.size(), 1U);
  for (const char* part : {"trigger 't' of s/f", "photos", "small-cat.jpg", "\"paused\": false"})
    EXPECT_NE(said.front().find(part), std::string::npos) << said.front();
  store("dog.jpg");
  EXPECT_EQ(dropped, 1U);
  EXPECT_EQ(runs[kF], 16);
}

TEST_F(ObjectLoop, TheSameKeyIsALoopToo) {
  put_trigger(kF, "", 3);
  bodies[kF] = [this](const std::string& key) { store(key); };
  store("cat.jpg");
  EXPECT_EQ(runs[kF], 3);
  EXPECT_EQ(pauses.size(), 1U);
}

TEST_F(ObjectLoop, TheFunctionsCredentialsTellOfKeysThatTellNothing) {
  put_trigger(kF, "");
  const std::string own =
      make_credentials("the engine's key", "1", kF, clock.wall_time + Seconds{9}).id;
  bodies[kF] = [&](const std::string&) { store(fmt::format("{}", calls), {"AWS:" + own, ""}); };
  store("cat.jpg", {"somebody", ""});
  EXPECT_EQ(runs[kF], 16);
  EXPECT_EQ(pauses.size(), 1U);
}

TEST_F(ObjectLoop, TheLineageInAnObjectsMetadataMakesItsCallAChild) {
  put_trigger(kF, "", 5);
  bodies[kF] = [this](const std::string&) {
    store(fmt::format("{}", calls), {"", std::string(view_of(token))});
  };
  store("cat.jpg");
  EXPECT_EQ(runs[kF], 5);
  EXPECT_EQ(pauses.size(), 1U);
}

TEST_F(ObjectLoop, ALoopThroughTwoFunctionsIsCutAsWell) {
  put_trigger(kF, "a/");
  put_trigger(kG, "b/");
  bodies[kF] = [this](const std::string& key) { store("b/" + key); };
  bodies[kG] = [this](const std::string& key) { store("a/" + key); };
  store("a/cat.jpg");
  EXPECT_EQ(runs[kF] + runs[kG], 32);
  EXPECT_EQ(pauses.size(), 1U);
}

TEST_F(ObjectLoop, SourcesAndResultsApartAreNotDisturbedInTenThousandEvents) {
  put_trigger(kF, "src/");
  put_trigger(kG, "dst/");
  bodies[kF] = [this](const std::string& key) {
    store("dst/" + key.substr(4));
    store("dst/small-" + key.substr(4));
  };
  for (int i = 0; i < 10'000; ++i) store(fmt::format("src/{}/img-{}.jpg", i % 7, i % 40));
  EXPECT_EQ(runs[kF], 10'000);
  EXPECT_EQ(runs[kG], 20'000);
  EXPECT_EQ(most_visits, 1);
  EXPECT_TRUE(failed.empty());
  EXPECT_TRUE(pauses.empty());
}

TEST_F(ObjectLoop, AnObjectThatOthersWriteAgainBetweenCallsIsNoLoop) {
  put_trigger(kF, "", 2);
  for (int i = 0; i < 1'000; ++i) {
    store("state.json");
    clock.wall_time += Seconds{1};
  }
  EXPECT_EQ(runs[kF], 1'000);
  EXPECT_EQ(most_visits, 1);
}

TEST_F(ObjectLoop, TheLoopEndsItselfWhereItIsMeantToAndNothingIsPaused) {
  put_trigger(kF, "", 3);
  bodies[kF] = [this](const std::string& key) {
    if (key.size() < 19) store("small-" + key);
  };
  for (int i = 0; i < 100; ++i) store("cat.jpg");
  EXPECT_EQ(runs[kF], 300);
  EXPECT_TRUE(pauses.empty());
}

TEST_F(ObjectLoop, ATriggerThatCouldNotBePausedIsTriedAgainAndRefusesAllTheSame) {
  GenerationGuard alone{{clock, directory, triggers, works},
                        {[this](PauseTrigger pause, auto done) {
                           pauses.push_back(std::move(pause));
                           done(Error{ErrorCode::kServiceUnavailable, "away"});
                         },
                         [this](std::string_view what) { said.emplace_back(what); }}};
  put_trigger(kF, "", 1);
  Call call;
  call.function = kF;
  call.event = std::make_shared<const std::string>(
      R"({"events":[{"eventName":"ObjectCreated:PutObject","oss":{"bucket":{"name":"photos"},)"
      R"("object":{"key":"cat.jpg"}}}]})");
  call.lineage = child_lineage(root_lineage(CallId{}, kF), CallId{}, kF);
  EXPECT_TRUE(alone.begins(call));
  EXPECT_TRUE(alone.begins(call));
  EXPECT_EQ(alone.refused(), 2U);
  EXPECT_EQ(pauses.size(), 2U);
  EXPECT_NE(said.back().find("away"), std::string::npos);
}

TEST_F(ObjectLoop, CallsOfOtherEventsAndFunctionsAreLetThrough) {
  put_trigger(kF, "", 1);
  Call call;
  call.lineage = child_lineage(root_lineage(CallId{}, kF), CallId{}, kF);
  for (const char* event : {"", "{}", R"({"events":[)", R"({"events":[{}]})"}) {
    call.function = kF;
    call.event = std::make_shared<const std::string>(event);
    EXPECT_FALSE(guard.begins(call)) << event;
    call.function = kG;
    EXPECT_FALSE(guard.begins(call)) << event;
    guard.over(call);
  }
  EXPECT_EQ(works.size(), 0U);
}

}  // namespace
}  // namespace convoke
