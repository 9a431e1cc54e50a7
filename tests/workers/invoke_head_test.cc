#include "workers/invoke_head.h"

#include <gtest/gtest.h>

#include "tests/workers/fakes.h"

namespace convoke::test {
namespace {

TEST(InvokeHead, HoldsEveryHeaderOfTheContractPresentEvenIfEmpty) {
  const auto function = a_function(Runtime::kCustom);
  InvokeHead heads(*function, Place{});
  Attempt attempt = attempt_of(call_id(1));
  attempt.qualifier = "LATEST";
  attempt.retry_count = 2;
  const http::RequestHead& head = heads.for_attempt(attempt);
  EXPECT_EQ(head.method, "POST");
  EXPECT_EQ(head.target, "/invoke");
  const std::vector<std::pair<const char*, std::string>> expected = {
      {"x-fc-request-id", call_id(1).text()},
      {"x-fc-access-key-id", ""},
      {"x-fc-access-key-secret", ""},
      {"x-fc-security-token", ""},
      {"x-fc-function-name", "resize"},
      {"x-fc-function-handler", "index.handler"},
      {"x-fc-function-memory", "128"},
      {"x-fc-function-timeout", "3"},
      {"x-fc-function-initializer", ""},
      {"x-fc-initialization-timeout", "30"},
      {"x-fc-service-name", "shop"},
      {"x-fc-service-logproject", ""},
      {"x-fc-service-logstore", ""},
      {"x-fc-qualifier", "LATEST"},
      {"x-fc-version-id", "LATEST"},
      {"x-fc-region", "local"},
      {"x-fc-account-id", "123456789012"},
      {"x-fc-retry-count", "2"},
      {"x-fc-instance-lifecycle-pre-stop-handler", ""},
      {"x-fc-instance-lifecycle-pre-freeze-handler", ""},
      {"x-fc-tracing-opentracing-span-context", ""},
      {"x-fc-tracing-opentracing-span-baggages", ""},
      {"x-fc-tracing-jaeger-endpoint", ""},
      {"x-fc-control-path", "/invoke"},
      {"content-type", "application/octet-stream"},
      {"x-convoke-attempt", "3"},
  };
  for (const auto& [name, value] : expected) {
    ASSERT_NE(head.headers.find(name), nullptr) << name;
    EXPECT_EQ(*head.headers.find(name), value) << name;
  }
  EXPECT_EQ(head.headers.size(), expected.size());
}

TEST(InvokeHead, AnAsynchronousCallGetsItsFencingTokenAndASynchronousOneAfterItDoesNot) {
  InvokeHead heads(*a_function(Runtime::kCustom), Place{});
  Attempt attempt = attempt_of(call_id(1));
  attempt.asynchronous = true;
  attempt.epoch = Epoch::of(3, 4);
  attempt.maybe_repeated = true;
  const http::RequestHead& head = heads.for_attempt(attempt);
  EXPECT_EQ(head.headers.get("x-convoke-fencing-token"), std::to_string(Epoch::of(3, 4).value));
  EXPECT_EQ(head.headers.get("x-convoke-maybe-repeated"), "1");
  const http::RequestHead& next = heads.for_attempt(attempt_of(call_id(2)));
  EXPECT_EQ(next.headers.get("x-fc-request-id"), call_id(2).text());
  EXPECT_EQ(next.headers.find("x-convoke-fencing-token"), nullptr);
  EXPECT_EQ(next.headers.find("x-convoke-maybe-repeated"), nullptr);
}

struct Source final : CredentialSource {
  CredentialsPtr of(FunctionId /*function*/) override { return now; }
  CredentialsPtr now =
      std::make_shared<http::AccessKey>(http::AccessKey{"STS.1", "secret-1", "t1"});
};

TEST(InvokeHead, HoldsTheFunctionsCredentialsOfTheMoment) {
  Source source;
  Place place;
  place.credentials = &source;
  const auto function = a_function(Runtime::kCustom);
  EXPECT_EQ(initialize_head(*function, place, call_id(1), std::nullopt)
                .headers.get("x-fc-security-token"),
            "t1");
  InvokeHead heads(*function, place);
  const Attempt attempt = attempt_of(call_id(1));
  EXPECT_EQ(heads.for_attempt(attempt).headers.get("x-fc-access-key-id"), "STS.1");
  const std::size_t headers = heads.for_attempt(attempt).headers.size();
  source.now = std::make_shared<http::AccessKey>(http::AccessKey{"STS.2", "secret-2", "t2"});
  const http::RequestHead& head = heads.for_attempt(attempt);
  EXPECT_EQ(head.headers.get("x-fc-access-key-id"), "STS.2");
  EXPECT_EQ(head.headers.get("x-fc-access-key-secret"), "secret-2");
  EXPECT_EQ(head.headers.get("x-fc-security-token"), "t2");
  EXPECT_EQ(head.headers.size(), headers);
}

TEST(InvokeHead, ACallsLineageGoesEveryWayAndIsTheCallsOwn) {
  Source source;
  Place place;
  place.credentials = &source;
  InvokeHead heads(*a_function(Runtime::kCustom), place);
  for (const char letter : {'x', 'y'}) {
    Attempt attempt = attempt_of(call_id(1));
    attempt.lineage.emplace();
    attempt.lineage->token.fill(letter);
    attempt.lineage->trace.fill(0xab);
    const std::string text(kLineageTextSize, letter);
    const http::Headers& headers = heads.for_attempt(attempt).headers;
    EXPECT_EQ(headers.get("x-fc-security-token"), "t1." + text);
    EXPECT_EQ(headers.get("x-convoke-lineage"), text);
    EXPECT_EQ(headers.get("tracestate"), "convoke=" + text);
    const std::string span = call_id(1).text().substr(19, 4) + call_id(1).text().substr(24);
    EXPECT_EQ(headers.get("traceparent"), "00-abababababababababababababababab-" + span + "-01");
  }
}

TEST(InvokeHead, TheInitializerHasALineageInItsToken) {
  Source source;
  Place place;
  place.credentials = &source;
  CarriedLineage lineage;
  lineage.token.fill('z');
  const auto head = initialize_head(*a_function(Runtime::kCustom), place, call_id(1), lineage);
  EXPECT_EQ(head.headers.get("x-fc-security-token"), "t1." + std::string(kLineageTextSize, 'z'));
}

}  // namespace
}  // namespace convoke::test
