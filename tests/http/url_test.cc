#include "core/http/url.h"

#include <gtest/gtest.h>

namespace convoke {
namespace {

std::string decoded(std::string_view text, Plus plus = Plus::kIsPlus) {
  const Result<std::string> result = percent_decode(text, plus);
  return result ? *result : "error";
}

TEST(Url, DecodesEscapes) {
  EXPECT_EQ(decoded(""), "");
  EXPECT_EQ(decoded("a%2Fb%2fc"), "a/b/c");
  EXPECT_EQ(decoded("%e4%BD%A0"), "\xe4\xbd\xa0");
  EXPECT_EQ(decoded("%00"), std::string(1, '\0'));
  EXPECT_EQ(decoded("%2525"), "%25");  // once, not twice
}

TEST(Url, APlusIsASpaceInAQueryOnly) {
  EXPECT_EQ(decoded("a+b"), "a+b");
  EXPECT_EQ(decoded("a+b%2B", Plus::kIsSpace), "a b+");
}

TEST(Url, RefusesBrokenEscapes) {
  for (const std::string_view text : {"%", "%2", "a%", "%zz", "%2g", "%-1", "%+1", "% 1", "%%41"})
    EXPECT_EQ(decoded(text), "error") << text;
}

TEST(Url, AQueryIsPairsInOrder) {
  const Result<Query> query = parse_query("a=1&b&c=&=d&a=2&e=x=y&&f=%26");
  ASSERT_TRUE(query);
  const Query expected = {{"a", "1"}, {"b", ""},    {"c", ""}, {"", "d"},
                          {"a", "2"}, {"e", "x=y"}, {"f", "&"}};
  EXPECT_EQ(*query, expected);
  EXPECT_EQ(get(*query, "a"), "1");
  EXPECT_EQ(get(*query, "missing"), "");
}

TEST(Url, AQueryWithABrokenEscapeIsRefused) {
  EXPECT_FALSE(parse_query("a=%"));
  EXPECT_FALSE(parse_query("%x=1"));
  EXPECT_TRUE(parse_query("")->empty());
}

}  // namespace
}  // namespace convoke
