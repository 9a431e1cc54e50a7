#include "core/api/tree_answer.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace convoke {
namespace {

CallId id(std::uint64_t number) { return CallId::from_random(number, number); }
constexpr WallTime at(std::int64_t ms) { return wall_from_ms(1'700'000'000'000 + ms); }

TreeCall call(std::uint64_t number, std::uint64_t parent, TreeState state = TreeState::kRunning) {
  TreeCall made;
  made.id = id(number);
  made.parent = parent == 0 ? CallId{} : id(parent);
  made.state = state;
  made.attempts = state == TreeState::kRunning ? 1 : 0;
  made.heard = made.begun = at(0);
  return made;
}

std::string drawn(const RootLedger::Tree& tree) {
  std::string text;
  for (const DrawnCall& one : in_order(tree)) {
    for (std::uint64_t number = 0; number < 100; ++number) {
      if (one.call->id == id(number)) text += std::string(one.depth, '.') + std::to_string(number);
    }
    text += ' ';
  }
  return text;
}

TEST(TreeAnswer, EachCallStandsBehindItsCallerAndThoseOfOneCallerInTheirOrder) {
  EXPECT_EQ(
      drawn({id(1), {call(1, 0), call(2, 1), call(3, 1), call(4, 2), call(5, 3), call(6, 2)}, {}}),
      "1 .2 ..4 ..6 .3 ..5 ");
}

TEST(TreeAnswer, ACallIsDrawnThoughItsCallerOrTheRootIsNotKept) {
  EXPECT_EQ(drawn({id(1), {call(5, 4), call(6, 5), call(7, 1)}, {}}), ".5 ..6 .7 ");
}

TEST(TreeAnswer, WhoseCallersGoInACircleIsLeftOutAndNobodyElse) {
  EXPECT_EQ(drawn({id(1), {call(1, 0), call(2, 3), call(3, 2), call(4, 1)}, {}}), "1 .4 ");
}

TEST(TreeAnswer, SaysWhatRanHowLongAndHowManyAreNotKept) {
  const RootLedger::Tree tree{
      id(1),
      {call(1, 0, TreeState::kUnknown), call(2, 1), call(3, 1, TreeState::kRefused)},
      {8, 9, 70}};
  const std::string json = tree_json(tree, Directory(), at(250));
  for (const char* part :
       {R"("invocations":8,"attempts":9,"runningTimeMs":70,"cut":7)", R"("status":"Running")",
        R"("durationMs":250)", R"("status":"Refused")", R"("depth":1)"}) {
    EXPECT_NE(json.find(part), std::string::npos) << part << " in " << json;
  }
}

}  // namespace
}  // namespace convoke
