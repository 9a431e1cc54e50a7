#include "core/guard/lineage_token.h"

#include <gtest/gtest.h>

#include <string>

namespace convoke {
namespace {

const LineageSeal kSeal("the token key");

LineageToken token_of_a_deep_call() {
  LineageToken token;
  token.lineage = root_lineage(CallId::from_random(1, 2), FunctionId{1});
  for (std::uint64_t i = 1; i < 40; ++i) {
    token.lineage = child_lineage(token.lineage, CallId{}, FunctionId{i % 11});
  }
  token.call = CallId::from_random(3, 4);
  token.place = PlaceTag{0xfedcba98};
  token.deadline = wall_from_ms(1'790'000'000'000);
  return token;
}

TEST(LineageToken, IsOneTracestateEntryOf128Characters) {
  const LineageText text = kSeal.seal(token_of_a_deep_call());
  EXPECT_EQ(std::string("convoke=").size() + view_of(text).size(), 128U);
  EXPECT_EQ(view_of(text).find_first_of(", =;\t"), std::string_view::npos);
}

TEST(LineageToken, IsTheSameWhenOpened) {
  const LineageToken sealed = token_of_a_deep_call();
  const auto opened = kSeal.open(view_of(kSeal.seal(sealed)));
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->lineage, sealed.lineage);
  EXPECT_EQ(opened->call, sealed.call);
  EXPECT_EQ(opened->place, sealed.place);
  EXPECT_EQ(opened->deadline, sealed.deadline);
}

TEST(LineageToken, ADeadlineBetweenSecondsIsNotCutShort) {
  LineageToken token = token_of_a_deep_call();
  token.deadline += Millis{1};
  EXPECT_EQ(kSeal.open(view_of(kSeal.seal(token)))->deadline, token.deadline + Millis{999});
}

TEST(LineageToken, ChangedInAnyCharacterIsNotOurs) {
  const LineageText sealed = kSeal.seal(token_of_a_deep_call());
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    LineageText forged = sealed;
    forged[i] = forged[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(kSeal.open(view_of(forged))) << i;
  }
}

TEST(LineageToken, TruncatedAnywhereIsNotOurs) {
  const LineageText sealed = kSeal.seal(token_of_a_deep_call());
  for (std::size_t size = 0; size < sealed.size(); ++size) {
    EXPECT_FALSE(kSeal.open(view_of(sealed).substr(0, size))) << size;
  }
}

TEST(LineageToken, OfAnotherKeyIsNotOurs) {
  const LineageSeal other("another token key");
  EXPECT_FALSE(kSeal.open(view_of(other.seal(token_of_a_deep_call()))));
}

}  // namespace
}  // namespace convoke
