#include "core/guard/temporary_credentials.h"

#include <gtest/gtest.h>

#include "core/guard/access_keys.h"

namespace convoke {
namespace {

constexpr const char* kKey = "the engine's key";
constexpr WallTime kExpires{Seconds{1'800'000'000}};

http::AccessKey made(std::uint64_t function = 7, const char* key = kKey) {
  return make_credentials(key, "123456789012", FunctionId{function}, kExpires);
}

TEST(TemporaryCredentials, ATokenSaysWhoseItIsUntilWhenAndGivesItsSecret) {
  const http::AccessKey credentials = made();
  EXPECT_TRUE(credentials.id.starts_with("STS."));
  EXPECT_TRUE(credentials.id.starts_with(kTemporaryKeyPrefix));
  const auto holder = read_token(kKey, credentials.security_token);
  ASSERT_TRUE(holder) << holder.error().message;
  EXPECT_EQ(holder->access_key_id, credentials.id);
  EXPECT_EQ(holder->account_id, "123456789012");
  EXPECT_EQ(holder->function, FunctionId{7});
  EXPECT_EQ(holder->expires, kExpires);
  EXPECT_EQ(holder->secret, credentials.secret);
}

TEST(TemporaryCredentials, AnIdSaysWhoseItIs) {
  EXPECT_EQ(holder_of_id(made(7).id), tag_of(FunctionId{7}));
  EXPECT_EQ(holder_of_id(made(0xabcdef).id), tag_of(FunctionId{0xabcdef}));
  for (const char* other :
       {"", "STS.", "AKID.0000070102030405", "STS.00000701020304", "STS.zz00070102030405"})
    EXPECT_EQ(holder_of_id(other), FunctionTag{}) << other;
}

TEST(TemporaryCredentials, TellNothingOfOneAnother) {
  const http::AccessKey one = made(7);
  const http::AccessKey two = made(8);
  const http::AccessKey other = made(7, "another key");
  EXPECT_NE(one.id, two.id);
  EXPECT_NE(one.secret, two.secret);
  EXPECT_NE(one.secret, other.secret);
  EXPECT_EQ(one.security_token.find(one.secret), std::string::npos);
}

TEST(TemporaryCredentials, ATokenOfAnotherKeyIsRefused) {
  const auto holder = read_token("another key", made().security_token);
  ASSERT_FALSE(holder);
  EXPECT_EQ(holder.error().code, ErrorCode::kInvalidSecurityToken);
}

TEST(TemporaryCredentials, ATokenWithAnyByteChangedAddedOrGoneIsRefused) {
  const std::string token = made().security_token;
  for (std::size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == '1' ? '2' : '1';
    EXPECT_FALSE(read_token(kKey, changed)) << changed;
    EXPECT_FALSE(read_token(kKey, token.substr(0, i))) << i;
  }
  EXPECT_FALSE(read_token(kKey, token + "0"));
  EXPECT_FALSE(read_token(kKey, token + "/"));
  EXPECT_FALSE(read_token(kKey, std::string(100'000, '/')));
}

TEST(TemporaryCredentials, AKeyIsKnownByItsFingerprint) {
  EXPECT_EQ(key_fingerprint("abc"), "ba7816bf8f01cfea");  // FIPS 180-2, its first example
  EXPECT_NE(key_fingerprint("abd"), key_fingerprint("abc"));
}

}  // namespace
}  // namespace convoke
