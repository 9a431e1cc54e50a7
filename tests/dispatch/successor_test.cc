#include "core/dispatch/successor.h"

#include <gtest/gtest.h>

#include <memory>

#include "core/guard/lineage_guard.h"
#include "core/guard/root_ledger.h"

namespace convoke {
namespace {

struct NoClock final : Clock {
  [[nodiscard]] Instant now() const override { return {}; }
  [[nodiscard]] WallTime wall() const override { return {}; }
};

// Functions A and B, each of which is where the other one's outcomes go.
struct SuccessorTest : testing::Test {
  SuccessorTest() {
    auto service = std::make_shared<Service>();
    service->name = "s";
    directory.apply({1, ServicePut{service}});
    for (const FunctionId id : {kA, kB}) {
      auto function = std::make_shared<Function>();
      function->id = id;
      function->spec.service = "s";
      function->spec.name = id == kA ? "a" : "b";
      directory.apply({id.value, FunctionPut{function}});
    }
    point(kA, "b");
    point(kB, "a");
  }

  void point(FunctionId from, const std::string& to) {
    auto config = std::make_shared<AsyncConfig>();
    config->qualifier = kLatest;
    config->function_id = from;
    const std::string arn = "acs:fc:::services/s/functions/" + to;
    config->on_success = config->on_failure = *parse_destination("destination", arn);
    directory.apply({20 + from.value, AsyncConfigPut{config}});
  }

  // What follows call number `number` of a chain A, B, A, ...
  Successor after(std::uint64_t number, const Outcome& outcome, Settlement settlement) {
    Call call;
    call.id = id_of(1);
    call.function = kA;
    call.event = std::make_shared<const std::string>("event");
    for (std::uint64_t i = 2; i <= number; ++i) {
      const Lineage lineage = call.its_lineage();
      const CallId parent = call.id;
      call.function = call.function == kA ? kB : kA;
      call.id = id_of(i);
      call.lineage = child_lineage(lineage, parent, call.function);
    }
    call.lease = Call::Lease{};
    return successor_of(call, outcome, settlement, world, WallTime{}, id_of(100));
  }
  static CallId id_of(std::uint64_t number) { return CallId::from_random(number, number); }

  static constexpr FunctionId kA{10};
  static constexpr FunctionId kB{11};
  Directory directory;
  SuccessorWorld world{directory};
};

TEST_F(SuccessorTest, OfAStoppedTreeNoFunctionIsCalledAndTheRecordSaysWhy) {
  StoppedTree tree;
  tree.root = id_of(1);
  tree.reason = "because";
  directory.apply({100, TreeStopped{std::make_shared<const StoppedTree>(tree)}});
  for (const std::uint64_t number : {1U, 2U}) {
    const Successor successor = after(number, {}, Settlement::kSucceeded);
    EXPECT_FALSE(successor.call);
    EXPECT_TRUE(successor.status.starts_with("Failed: the tree of call ")) << successor.status;
  }
}

TEST_F(SuccessorTest, IsAChildOfTheCallThatItFollows) {
  const Successor successor = after(1, {}, Settlement::kSucceeded);
  ASSERT_TRUE(successor.call);
  ASSERT_TRUE(successor.call->lineage);
  EXPECT_EQ(*successor.call->lineage, child_lineage(root_lineage(id_of(1), kA), id_of(1), kB));
}

TEST_F(SuccessorTest, OneTooManyIsAcceptedSoThatItsRefusalIsTold) {
  const Successor successor = after(32, {}, Settlement::kSucceeded);
  ASSERT_TRUE(successor.call);
  EXPECT_EQ(visits_of(*successor.call->lineage, tag_of(kA)), 17);
}

TEST_F(SuccessorTest, ARefusalIsNotToldToWhoWouldBeRefusedToo) {
  Outcome refused;
  refused.kind = Outcome::Kind::kRefused;
  refused.error = Error{ErrorCode::kRecursiveInvocation, "a loop"};
  EXPECT_TRUE(after(31, refused, Settlement::kFailed).call) << "it has room for one visit";
  const Successor none = after(33, refused, Settlement::kFailed);
  EXPECT_FALSE(none.call);
  EXPECT_TRUE(none.status.starts_with("Failed")) << none.status;
}

TEST_F(SuccessorTest, ASpentBudgetIsToldOnlyToWhoMayStillRun) {
  RootLedger ledger;
  const NoClock clock;
  const LineageGuard guard(clock, directory, ledger, [](std::string_view) {});
  world.guard = &guard;
  Outcome refused;
  refused.kind = Outcome::Kind::kRefused;
  refused.error = Error{ErrorCode::kInvocationBudgetExceeded, "too much"};
  EXPECT_TRUE(after(2, refused, Settlement::kFailed).call) << "its own budget is larger";
  const Budget unlimited{Budget::kMax, Budget::kMax, Budget::kMax};
  for (std::uint32_t i = 0; i < Budget{}.invocations; ++i) {
    (void)ledger.begin({id_of(1), id_of(2), id_of(1), kB, kA}, unlimited, Attempting::kFirst,
                       RootLedger::Past::kStops, WallTime{});
  }
  const Successor none = after(2, refused, Settlement::kFailed);
  EXPECT_FALSE(none.call);
  EXPECT_TRUE(none.status.starts_with("Failed")) << none.status;
  EXPECT_TRUE(after(2, {}, Settlement::kSucceeded).call) << "its refusal is to be told";
}

}  // namespace
}  // namespace convoke
