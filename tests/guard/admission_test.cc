#include "core/guard/admission.h"

#include <gtest/gtest.h>

namespace convoke {
namespace {

http::RequestHead head_with(std::initializer_list<std::pair<const char*, const char*>> headers) {
  http::RequestHead head;
  head.method = "POST";
  for (const auto& [name, value] : headers) head.headers.add(name, value);
  return head;
}

ErrorCode refusal(const http::RequestHead& head) {
  const auto who = admit_request(head, Anonymous{});
  return who ? ErrorCode::kInternalServerError : who.error().code;
}

TEST(Admission, LoopbackHostsAreServedWithoutAuthentication) {
  for (const char* host :
       {"127.0.0.1", "127.0.0.1:7070", "localhost:7070", "LOCALHOST", "[::1]:7070", "127.8.9.1"}) {
    EXPECT_TRUE(admit_request(head_with({{"Host", host}}), Anonymous{})) << host;
  }
}

TEST(Admission, OtherHostsAreRefusedWithoutAuthentication) {
  for (const char* host : {"example.com", "example.com:7070", "localhost.example.com", "10.0.0.1",
                           "127.0.0.1.example.com", "[::2]", "", "[::1"}) {
    EXPECT_EQ(refusal(head_with({{"Host", host}})), ErrorCode::kAccessDenied) << host;
  }
}

TEST(Admission, WebPagesAreRefusedWithoutAuthentication) {
  EXPECT_EQ(refusal(head_with({{"Host", "localhost"}, {"Origin", "http://localhost:7070"}})),
            ErrorCode::kAccessDenied);
  EXPECT_EQ(refusal(head_with({{"Host", "localhost"}, {"Sec-Fetch-Site", "none"}})),
            ErrorCode::kAccessDenied);
}

TEST(Admission, WithAuthenticationItAloneDecides) {
  class Somebody final : public Authenticator {
   public:
    bool enabled() const override { return true; }
    Result<Principal> authenticate(const http::RequestHead&) const override {
      return Principal{"42", false};
    }
  };
  const auto who = admit_request(head_with({{"Host", "example.com"}}), Somebody{});
  ASSERT_TRUE(who);
  EXPECT_EQ(who->account_id, "42");
}

TEST(ReadOrder, AnInvocationIsSynchronousUnlessItSaysOtherwise) {
  EXPECT_FALSE(read_order({})->asynchronous);
  http::Headers headers;
  headers.add("x-fc-invocation-type", "Async");
  EXPECT_TRUE(read_order(headers)->asynchronous);
}

TEST(ReadOrder, RefusesWhatTheContractDoesNotKnow) {
  const auto message_for = [](const char* name, const char* value) {
    http::Headers headers;
    headers.add("X-Fc-Invocation-Type", "Async");
    headers.set(name, value);
    const auto order = read_order(headers);
    return order ? std::string("accepted") : order.error().message;
  };
  EXPECT_NE(message_for("X-Fc-Invocation-Type", "Later").find("actual: 'Later'"),
            std::string::npos);
  EXPECT_EQ(message_for("X-Fc-Log-Type", "Tail"),
            "LogType is set to an invalid value (allowed: None, actual: 'Tail')");
  for (const char* delay : {"-1", "3601", "1.5", "soon", "99999999999999999999"}) {
    EXPECT_NE(message_for("X-Fc-Async-Delay", delay).find("whole seconds"), std::string::npos);
  }
  EXPECT_EQ(message_for("X-Fc-Async-Delay", "3600"), "accepted");
  for (const char* delay : {"-1", "604801", "1.5", "1d"}) {
    EXPECT_NE(message_for("X-Convoke-Async-Delay", delay).find("from 0 to 604800"),
              std::string::npos);
  }
  for (const char* name : {"1a", "-a", "a b", "\xc3\xa9"}) {
    EXPECT_NE(message_for("X-Fc-Stateful-Async-Invocation-Id", name), "accepted");
  }
  EXPECT_EQ(message_for("X-Fc-Stateful-Async-Invocation-Id", "_job-1"), "accepted");
}

TEST(ReadOrder, ADelayIsFunctionComputesOrOurLongerOneAndNotBoth) {
  const auto delay = [](std::initializer_list<std::pair<const char*, const char*>> sent) {
    return read_order(head_with(sent).headers);
  };
  EXPECT_EQ(delay({{"X-Fc-Async-Delay", "3600"}})->delay, Seconds{3600});
  EXPECT_EQ(delay({{"x-convoke-async-delay", "604800"}})->delay, Seconds{604'800});
  const auto both = delay({{"X-Fc-Async-Delay", "1"}, {"X-Convoke-Async-Delay", "1"}});
  ASSERT_FALSE(both);
  EXPECT_EQ(both.error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace convoke
