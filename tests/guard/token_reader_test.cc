#include "core/guard/token_reader.h"

#include <gtest/gtest.h>

#include <string>

namespace convoke {
namespace {

const LineageSeal kSeal("a key");

std::string token_of(std::uint64_t call) {
  LineageToken token;
  token.call = CallId::from_random(call, call);
  token.lineage = root_lineage(token.call, FunctionId{call + 1});
  return std::string(view_of(kSeal.seal(token)));
}

TEST(TokenReader, ATokenThatComesAgainIsNotCheckedAgain) {
  TokenReader reader(kSeal);
  const std::string text = token_of(1);
  for (int i = 0; i < 10; ++i) {
    const auto opened = reader.open(text);
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->call, CallId::from_random(1, 1));
    EXPECT_EQ(opened->lineage, kSeal.open(text)->lineage);
  }
  EXPECT_EQ(reader.checked(), 1U);
}

TEST(TokenReader, OneThatIsChangedAnywhereIsRefusedThoughTheRightOneIsKnown) {
  TokenReader reader(kSeal);
  const std::string text = token_of(1);
  ASSERT_TRUE(reader.open(text));
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string forged = text;
    forged[i] = forged[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(reader.open(forged)) << i;
  }
  EXPECT_FALSE(reader.open(text.substr(1)));
  EXPECT_FALSE(reader.open(text + 'A'));
  EXPECT_FALSE(reader.open(""));
  EXPECT_FALSE(reader.open(std::string(text.size(), '\0'))) << "what nobody has ever opened";
}

TEST(TokenReader, EachOfManyIsReadAsItself) {
  TokenReader reader(kSeal);
  for (int round = 0; round < 2; ++round) {
    for (std::uint64_t call = 1; call <= 10 * TokenReader::kKept; ++call) {
      const auto opened = reader.open(token_of(call));
      ASSERT_TRUE(opened);
      EXPECT_EQ(opened->call, CallId::from_random(call, call));
    }
  }
}

}  // namespace
}  // namespace convoke
