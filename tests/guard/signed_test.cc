#include "core/guard/signed.h"

#include <gtest/gtest.h>

#include "core/guard/temporary_credentials.h"
#include "core/http/date.h"

namespace convoke {
namespace {

constexpr WallTime kNow{Seconds{1'795'748'400}};
constexpr const char* kTokenKey = "the engine's key";
constexpr const char* kPath = "/2016-08-15/services/shop/functions/resize/invocations";

struct StoppedClock final : Clock {
  [[nodiscard]] Instant now() const override { return {}; }
  [[nodiscard]] WallTime wall() const override { return time; }
  WallTime time = kNow;
};

struct SignedTest : testing::Test {
  static std::shared_ptr<const AccessKeys> keys(std::string_view text) {
    return *AccessKeys::read(text, "1");
  }
  static http::RequestHead request(const http::AccessKey& key, WallTime at = kNow,
                                   const char* account = "1") {
    http::RequestHead head{"POST", kPath, {}};
    head.headers.add("Host", "example.com");
    head.headers.add("X-Fc-Account-Id", account);
    http::sign(head, key, at);
    return head;
  }
  static http::RequestHead url(const http::AccessKey& key, WallTime expires) {
    return {"POST", http::sign_target("POST", kPath, key, expires), {}};
  }
  // As function 7 holds them while it runs, or another one's lineage with them.
  static http::AccessKey temporary(WallTime expires, const char* key = kTokenKey,
                                   FunctionId lineage_of = FunctionId{7}) {
    http::AccessKey made = make_credentials(key, "1", FunctionId{7}, expires);
    LineageToken token;
    token.lineage = root_lineage(CallId::from_random(1, 2), lineage_of);
    made.security_token += '.';
    made.security_token += view_of(LineageSeal(key).seal(token));
    return made;
  }
  // The error's name on the wire; "" when it is let in.
  std::string verdict(const http::RequestHead& head) {
    const auto who = admit_request(head, authenticator);
    return who ? std::string() : std::string(who.error().name());
  }

  const http::AccessKey ada{"ada", "secret-of-ada"};
  StoppedClock clock;
  const LineageSeal seal{kTokenKey};
  TokenReader tokens{seal};
  Signed authenticator{clock, kTokenKey, tokens, keys("ada secret-of-ada\nbob secret-of-bob 2\n")};
};

TEST_F(SignedTest, LetsInWhoSignedRightWhateverTheHost) {
  const auto who = admit_request(request(ada), authenticator);
  ASSERT_TRUE(who) << who.error().message;
  EXPECT_EQ(who->account_id, "1");
  EXPECT_FALSE(who->anonymous);
  EXPECT_EQ(verdict(request(ada, kNow, "")), "");
  EXPECT_EQ(admit_request(request({"bob", "secret-of-bob"}, kNow, "2"), authenticator)->account_id,
            "2");
}

TEST_F(SignedTest, RefusesInTheWordsOfFunctionCompute) {
  const auto error = [&](const http::RequestHead& head) {
    return admit_request(head, authenticator).error();
  };
  EXPECT_EQ(error(request({"eve", "secret-of-ada"})).message, "invalid access key ID 'eve'");
  EXPECT_EQ(error(request({"eve", "secret-of-ada"})).code, ErrorCode::kInvalidAccessKeyId);
  const Error mismatch = error(request({"ada", "secret-of-eve"}));
  EXPECT_EQ(mismatch.code, ErrorCode::kSignatureNotMatch);
  EXPECT_EQ(mismatch.message,
            "The request signature we calculated does not match the signature you provided. Check "
            "your access key and signing method");
  const Error stranger = error(request(ada, kNow, "2"));
  EXPECT_EQ(stranger.code, ErrorCode::kAccessDenied);
  EXPECT_EQ(stranger.message, "The service or function doesn't belong to you");
  for (const Error& one : {mismatch, stranger}) EXPECT_EQ(one.http_status(), 403);
}

TEST_F(SignedTest, ADateMayBeFifteenMinutesOff) {
  EXPECT_EQ(verdict(request(ada, kNow - kSkewMax)), "");
  EXPECT_EQ(verdict(request(ada, kNow + kSkewMax)), "");
  EXPECT_EQ(verdict(request(ada, kNow - kSkewMax - Seconds{1})), "RequestTimeTooSkewed");
  EXPECT_EQ(verdict(request(ada, kNow + kSkewMax + Seconds{1})), "RequestTimeTooSkewed");
  EXPECT_EQ(verdict(request({"ada", "secret-of-eve"}, kNow - kSkewMax * 2)), "SignatureNotMatch");
}

TEST_F(SignedTest, ADateThatIsNoneIsRefusedThoughItIsSignedRight) {
  http::RequestHead head = request(ada);
  head.headers.set("Date", "1795748400");
  const std::string text = http::read_signed(head)->text;
  head.headers.set("Authorization", "FC ada:" + http::signature_of(text, ada.secret));
  EXPECT_EQ(verdict(head), "InvalidArgument");
}

TEST_F(SignedTest, ASignedUrlIsGoodUntilItExpires) {
  EXPECT_EQ(verdict(url(ada, kNow + Seconds{1})), "");
  EXPECT_EQ(verdict(url(ada, kNow)), "AccessDenied");
  EXPECT_EQ(verdict(url({"ada", "secret-of-eve"}, kNow + Seconds{1})), "SignatureNotMatch");
  http::RequestHead later = url(ada, kNow + Seconds{1});
  later.target += "&more=1";
  EXPECT_EQ(verdict(later), "SignatureNotMatch");
}

TEST_F(SignedTest, AnExpiryThatIsNoNumberIsRefusedThoughItIsSignedRight) {
  for (const std::string expires : {"", "-1", "soon", "99999999999999999999", "1795748401.5"}) {
    http::RequestHead head{"POST", "", {}};
    const auto with = [&](const std::string& signature) {
      std::string target = kPath;
      target.append("?x-fc-access-key-id=ada&x-fc-expires=").append(expires);
      return target.append("&x-fc-signature=").append(signature);
    };
    head.target = with("");
    std::string signature = http::signature_of(http::read_signed(head)->text, ada.secret);
    for (std::size_t at = 0; (at = signature.find('+', at)) != std::string::npos;) {
      signature.replace(at, 1, "%2B");
    }
    head.target = with(signature);
    EXPECT_EQ(verdict(head), "AccessDenied") << expires;
  }
}

TEST_F(SignedTest, TemporaryCredentialsAreGoodUntilTheyExpire) {
  const http::AccessKey given = temporary(kNow + kCredentialsLast);
  EXPECT_EQ(verdict(request(given)), "");
  EXPECT_EQ(verdict(url(given, kNow + Seconds{1})), "");
  clock.time = kNow + kCredentialsLast;
  EXPECT_EQ(verdict(request(given, clock.time)), "SecurityTokenExpired");
}

TEST_F(SignedTest, TemporaryCredentialsThatAreNotOursAreRefused) {
  http::AccessKey key = temporary(kNow + kCredentialsLast, "another engine's key");
  EXPECT_EQ(verdict(request(key)), "InvalidSecurityToken");
  key = temporary(kNow + kCredentialsLast);
  key.secret = "guessed";
  EXPECT_EQ(verdict(request(key)), "SignatureNotMatch");
  key = temporary(kNow + kCredentialsLast);
  key.id = "ada";
  EXPECT_EQ(verdict(request(key)), "InvalidSecurityToken");
  key = temporary(kNow + kCredentialsLast);
  key.security_token.clear();
  EXPECT_EQ(verdict(request(key)), "InvalidAccessKeyID");
}

TEST_F(SignedTest, ATokenWhoseLineageWasTakenAwayCutOrChangedIsRefused) {
  const http::AccessKey whole = temporary(kNow + kCredentialsLast);
  const std::string& token = whole.security_token;
  const std::size_t dot = token.rfind('.');
  const std::string another = temporary(kNow, "another key").security_token;
  for (const std::string& changed :
       {token.substr(0, dot), token.substr(0, dot + 1), token.substr(0, token.size() - 1),
        token + "A", token.substr(0, dot) + another.substr(another.rfind('.'))}) {
    http::AccessKey key = whole;
    key.security_token = changed;
    EXPECT_EQ(verdict(request(key)), "InvalidSecurityToken") << changed;
  }
}

TEST_F(SignedTest, AnotherFunctionsLineageIsRefused) {
  const auto key = temporary(kNow + kCredentialsLast, kTokenKey, FunctionId{8});
  EXPECT_EQ(verdict(request(key)), "InvalidSecurityToken");
}

TEST_F(SignedTest, TheEnginesOwnCredentialsNeedNoLineage) {
  EXPECT_EQ(verdict(request(make_credentials(kTokenKey, "1", FunctionId{}, kNow + Seconds{9}))),
            "");
}

TEST_F(SignedTest, ATokenBesideAnOperatorsKeyIsRefused) {
  http::AccessKey key = ada;
  key.security_token = temporary(kNow + kCredentialsLast).security_token;
  EXPECT_EQ(verdict(request(key)), "InvalidSecurityToken");
}

TEST_F(SignedTest, NewKeysTakeThePlaceOfTheOldOnes) {
  authenticator.replace(keys("bob secret-of-bob\n"));
  EXPECT_EQ(verdict(request(ada)), "InvalidAccessKeyID");
  EXPECT_EQ(verdict(request({"bob", "secret-of-bob"})), "");
}

TEST_F(SignedTest, AnyByteOfTheSignatureCounts) {
  const http::RequestHead head = request(ada);
  const std::string right(head.headers.get("Authorization"));
  for (std::size_t i = right.find(':') + 1; i < right.size(); ++i) {
    http::RequestHead changed = head;
    std::string signature = right;
    signature[i] = signature[i] == 'A' ? 'B' : 'A';
    changed.headers.set("Authorization", signature);
    EXPECT_EQ(verdict(changed), "SignatureNotMatch") << i;
    changed.headers.set("Authorization", right.substr(0, i));
    EXPECT_EQ(verdict(changed), "SignatureNotMatch") << i;
  }
}

}  // namespace
}  // namespace convoke
