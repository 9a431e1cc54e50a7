#include "core/guard/access_keys.h"

#include <gtest/gtest.h>

namespace convoke {
namespace {

constexpr const char* kAccount = "123456789012";

std::string refusal(std::string_view text) {
  const auto keys = AccessKeys::read(text, kAccount);
  return keys ? "read" : keys.error().message;
}

TEST(AccessKeys, AreReadOneALine) {
  const auto keys = AccessKeys::read(
      "# who may\n\n  LTAIfirst \t secret-1\r\nLTAIsecond secret-2/+= 42\nlast secret-3", kAccount);
  ASSERT_TRUE(keys) << keys.error().message;
  EXPECT_EQ((*keys)->size(), 3U);
  EXPECT_EQ((*keys)->find("LTAIfirst")->secret, "secret-1");
  EXPECT_EQ((*keys)->find("LTAIfirst")->account_id, kAccount);
  EXPECT_EQ((*keys)->find("LTAIsecond")->account_id, "42");
  EXPECT_EQ((*keys)->find("last")->secret, "secret-3");
  EXPECT_EQ((*keys)->find("LTAI"), nullptr);
  EXPECT_EQ((*keys)->find(""), nullptr);
}

TEST(AccessKeys, ALineThatIsWrongIsNamedByItsNumberAndNotRepeated) {
  const std::pair<const char*, const char*> wrong[] = {
      {"alone", "line 1 is not 'ACCESS_KEY_ID SECRET [ACCOUNT_ID]'"},
      {"# \nid secret-1 42 more", "line 2 is not 'ACCESS_KEY_ID"},
      {"i:d secret-1", "line 1 has an access key ID that is not"},
      {"STS.id secret-1", "begins with 'STS'"},
      {"id short", "line 1 has a secret that is not 8 to 256"},
      {"id secret-\xc3\xa9", "line 1 has a secret"},
      {"id secret-1 account", "line 1 has an account ID"},
      {"id secret-1\nid secret-2", "line 2 has an access key ID that an earlier line has"},
  };
  for (const auto& [text, why] : wrong) {
    EXPECT_NE(refusal(text).find(why), std::string::npos) << text << ": " << refusal(text);
    EXPECT_EQ(refusal(text).find("secret-1"), std::string::npos) << refusal(text);
  }
}

TEST(AccessKeys, HaveTheirLimits) {
  const std::string id(kAccessKeyIdBytesMax, 'i');
  const std::string secret(kAccessKeySecretBytesMax, 's');
  const std::string account(kAccountIdBytesMax, '1');
  EXPECT_EQ(refusal(id + ' ' + secret + ' ' + account), "read");
  EXPECT_NE(refusal(id + "i " + secret), "read");
  EXPECT_NE(refusal(id + ' ' + secret + 's'), "read");
  EXPECT_NE(refusal(id + ' ' + secret + ' ' + account + '1'), "read");
  EXPECT_NE(refusal(std::string(kAccessKeysBytesMax + 1, '\n')), "read");
  std::string many;
  for (std::size_t i = 0; i < kAccessKeysMax; ++i) many += 'k' + std::to_string(i) + " secret-1\n";
  EXPECT_EQ(refusal(many), "read");
  EXPECT_NE(refusal(many + "one secret-more"), "read");
}

TEST(AccessKeys, ATextWithoutAnyIsWrong) {
  for (const char* text : {"", "\n\n", "# none yet\n", std::string_view("\0", 1).data()}) {
    EXPECT_EQ(refusal(text), "no access key in it") << text;
  }
}

}  // namespace
}  // namespace convoke
