// When a limit is answered, and who may start calls then.
#include <gtest/gtest.h>

#include "tests/registry/shared/fixture.h"

namespace convoke::shared_registry {
namespace {

class KillSwitch : public SharedRegistry {
 protected:
  void begin(FakeEngine& a, FakeEngine& b) {
    start(a);
    a.make(CreateService{"s", {}});
    a.make(new_function("f", "one"));
    start(b);
    turn_until([&] { return a.has_lease() && b.has_lease(); });
  }
};

TEST_F(KillSwitch, IsAnsweredOnlyWhenTheOtherEngineHasAppliedIt) {
  FakeEngine a(loop_, server_, "a");
  FakeEngine b(loop_, server_, "b");
  begin(a, b);
  b.slow = true;
  const FakeEngine::Answer answer = a.ask(PutLimit{"s", "", "f", 0});
  turn_until([&] { return b.versions == std::vector<std::uint64_t>{3}; });
  turn_for(Millis{600});
  EXPECT_FALSE(answer->has_value());
  EXPECT_EQ(a.directory.limit_of(FunctionId{2}), 0U);
  b.apply_all();
  const Instant from = loop_.now();
  turn_until([&] { return answer->has_value(); });
  EXPECT_TRUE((*answer)->ok());
  EXPECT_LT(loop_.now() - from, Millis{200});
}

TEST_F(KillSwitch, ASwitchIsAnsweredWhenAllHaveItAndWhoLacksItIsKnownMeanwhile) {
  FakeEngine a(loop_, server_, "a");
  FakeEngine b(loop_, server_, "b");
  begin(a, b);
  b.slow = true;
  DisableInvoke everything;
  everything.reason = "because";
  const FakeEngine::Answer answer = a.ask(everything);
  turn_until([&] { return !b.versions.empty(); });
  turn_for(Millis{600});
  EXPECT_FALSE(answer->has_value());
  EXPECT_EQ(a.lacking(b.versions.back()), std::vector<std::string>{"b"});
  b.apply_all();
  turn_until([&] { return answer->has_value(); });
  EXPECT_TRUE((*answer)->ok());
  EXPECT_TRUE(a.lacking(b.versions.back()).empty());
  EXPECT_EQ(b.directory.switches().front()->reason, "because");
  // Lifting it starts nothing that anybody was promised would not: it waits for nobody.
  a.make(EnableInvoke{});
  EXPECT_FALSE(a.directory.has_switches());
}

TEST_F(KillSwitch, AStopOfATreeIsAnsweredWhenAllHaveItAndKnownToWhoJoinsLater) {
  FakeEngine a(loop_, server_, "a");
  FakeEngine b(loop_, server_, "b");
  begin(a, b);
  const CallId root = CallId::from_random(1, 1);
  b.slow = true;
  const FakeEngine::Answer answer = a.ask(StopTree{root, "because", "ada"});
  turn_until([&] { return !b.versions.empty(); });
  turn_for(Millis{300});
  EXPECT_FALSE(answer->has_value());
  b.apply_all();
  turn_until([&] { return answer->has_value(); });
  EXPECT_TRUE((*answer)->ok());
  ASSERT_NE(b.directory.stopped_tree(root), nullptr);
  EXPECT_EQ(b.directory.stopped_tree(root)->reason, "because");
  EXPECT_EQ(server_.ask({"HKEYS", keys_.stopped_trees}), root.text());

  FakeEngine late(loop_, server_, "late");
  start(late);
  EXPECT_NE(late.directory.stopped_tree(root), nullptr);
}

TEST_F(KillSwitch, OfAFunctionGoesWithItInTheServersRowsToo) {
  FakeEngine a(loop_, server_, "a");
  FakeEngine b(loop_, server_, "b");
  begin(a, b);
  DisableInvoke function;
  function.scope = {"s", "f"};
  a.make(function);
  DisableInvoke service;
  service.scope = {"s", ""};
  a.make(service);
  EXPECT_EQ(server_.ask({"HLEN", keys_.switches}), "2");
  a.make(DeleteFunction{"s", "f", {}});
  a.make(DeleteService{"s", {}});
  EXPECT_EQ(server_.ask({"EXISTS", keys_.switches}), "0");
}

TEST_F(KillSwitch, OtherChangesWaitForNobody) {
  FakeEngine a(loop_, server_, "a");
  FakeEngine b(loop_, server_, "b");
  begin(a, b);
  b.slow = true;
  a.make(CreateService{"t", {}});
  a.make(UpdateFunction{"s", "f", new_function("f", "two").fields, {}});
  EXPECT_FALSE(b.directory.find_service("t"));
}

TEST_F(KillSwitch, WaitsForADeadEngineUntilItsLeaseHasEnded) {
  FakeEngine a(loop_, server_, "a", kShortLease);
  FakeEngine b(loop_, server_, "b", kShortLease);
  begin(a, b);
  b.die();
  ASSERT_TRUE(b.has_lease());
  const Instant from = loop_.now();
  const FakeEngine::Answer answer = a.ask(PutLimit{"s", "", "f", 0});
  turn_until([&] { return answer->has_value(); });
  EXPECT_TRUE((*answer)->ok());
  EXPECT_FALSE(b.has_lease());
  EXPECT_LT(loop_.now() - from, redis::dead_after(kShortLease) + Seconds{1});
}

TEST_F(KillSwitch, WaitsForNoEngineThatHasLeft) {
  FakeEngine a(loop_, server_, "a");
  FakeEngine b(loop_, server_, "b");
  begin(a, b);
  b.slow = true;
  const FakeEngine::Answer answer = a.ask(PutLimit{"s", "", "f", 0});
  turn_until([&] { return !b.versions.empty(); });
  b.leave();
  EXPECT_FALSE(b.has_lease());
  turn_until([&] { return answer->has_value(); });
  EXPECT_TRUE((*answer)->ok());
  turn_for(Millis{1'200});  // a beat later
  EXPECT_FALSE(b.has_lease());
  EXPECT_EQ(server_.ask({"ZRANGE", keys_.engines, "0", "-1"}), "a");
}

TEST_F(KillSwitch, WaitsForAnEngineThatAppliesNothingUntilItsLeaseHasEnded) {
  FakeEngine a(loop_, server_, "a", kShortLease);
  FakeEngine b(loop_, server_, "b", kShortLease);
  begin(a, b);
  b.slow = true;
  const Instant from = loop_.now();
  const FakeEngine::Answer answer = a.ask(PutLimit{"s", "", "f", 0});
  turn_until([&] { return answer->has_value(); });
  EXPECT_TRUE((*answer)->ok());
  EXPECT_FALSE(b.has_lease());
  EXPECT_LT(loop_.now() - from,
            redis::beat_every(kShortLease) + redis::dead_after(kShortLease) + Seconds{1});
  turn_for(Millis{500});
  EXPECT_FALSE(b.has_lease());
  b.slow = false;
  b.apply_all();
  turn_until([&] { return b.has_lease(); });
  EXPECT_EQ(b.directory.limit_of(FunctionId{2}), 0U);
}

TEST_F(KillSwitch, AnEngineWithoutALeaseGetsOneOnlyWhenItHasAppliedAllThereIs) {
  FakeEngine a(loop_, server_, "a", kShortLease);
  start(a);
  turn_until([&] { return a.has_lease(); });
  server_.pause();
  turn_for(kShortLease + Millis{100});
  EXPECT_FALSE(a.has_lease());
  a.slow = true;
  server_.resume();
  commit_silently(1, "s");
  turn_until([&] { return !a.versions.empty(); });
  // The beats that the server had not answered may have renewed what they found.
  turn_for(2 * kShortLease);
  EXPECT_FALSE(a.has_lease());
  a.slow = false;
  a.apply_all();
  turn_until([&] { return a.has_lease(); });
}

}  // namespace
}  // namespace convoke::shared_registry
