#include "core/guard/lineage_carriers.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/http/signature.h"

namespace convoke {
namespace {

const LineageSeal kSeal("the token key");

std::string sealed(std::uint64_t number, const char* key = "the token key") {
  LineageToken token;
  token.call = CallId::from_random(number, number);
  token.lineage = root_lineage(token.call, FunctionId{1});
  return std::string(view_of(LineageSeal(key).seal(token)));
}

// Which of `sealed` the headers carry; 0: none.
std::uint64_t carried(const std::vector<http::Header>& headers) {
  http::RequestHead all{"POST", "/", {}};
  for (const http::Header& header : headers) all.headers.add(header.name, header.value);
  TokenReader tokens(kSeal);
  const auto token = read_lineage(all, tokens);
  for (std::uint64_t number = 1; token && number < 9; ++number) {
    if (token->call == CallId::from_random(number, number)) return number;
  }
  return 0;
}

TEST(LineageCarriers, TheSecurityTokenGoesBeforeTheHeaderAndThatBeforeTracestate) {
  const http::Header token{"x-fc-security-token", "1/STS.0a/1/7/9/abcd." + sealed(1)};
  const http::Header own{"X-Convoke-Lineage", sealed(2)};
  const http::Header state{"tracestate", "convoke=" + sealed(3)};
  EXPECT_EQ(carried({state, own, token}), 1U);
  EXPECT_EQ(carried({state, own}), 2U);
  EXPECT_EQ(carried({state}), 3U);
  EXPECT_EQ(carried({}), 0U);
}

TEST(LineageCarriers, WhatIsNotOursIsAsGoodAsAbsent) {
  const std::string foreign = sealed(1, "another engine's key");
  const http::Header state{"tracestate", "convoke=" + sealed(3)};
  EXPECT_EQ(carried({{"x-convoke-lineage", foreign}, state}), 3U);
  EXPECT_EQ(carried({{"x-convoke-lineage", sealed(2).substr(1)}, state}), 3U);
  EXPECT_EQ(carried({{"x-fc-security-token", "CAIS.from/somewhere.else"}}), 0U);
  EXPECT_EQ(carried({{"tracestate", "convoke=" + foreign}}), 0U);
}

TEST(LineageCarriers, OfASignedUrlItsOwnTokenCountsWhateverTheHeadersSay) {
  const http::AccessKey key{"STS.0a", "secret", "1/STS.0a/1/7/9/abcd." + sealed(1)};
  http::RequestHead head{"POST", http::sign_target("POST", "/p", key, WallTime{Seconds{9}}), {}};
  head.headers.add("X-Fc-Security-Token", "1/STS.0a/1/7/9/abcd." + sealed(2));
  TokenReader tokens(kSeal);
  EXPECT_EQ(read_lineage(head, tokens)->call, CallId::from_random(1, 1));
}

TEST(LineageCarriers, ATokenIsSplitBehindItsMac) {
  EXPECT_EQ(split_security_token("1/STS.0a/1/7/9/abcd.L").base, "1/STS.0a/1/7/9/abcd");
  EXPECT_EQ(split_security_token("1/STS.0a/1/7/9/abcd.L").lineage, "L");
  EXPECT_EQ(split_security_token("1/STS.0a/1/7/9/abcd").lineage, "");
  EXPECT_EQ(split_security_token("").base, "");
}

TEST(LineageCarriers, OurEntryIsFoundAmongOthers) {
  EXPECT_EQ(convoke_entry("a=1, convoke=x ,b=2"), "x");
  EXPECT_EQ(convoke_entry("convoke=x"), "x");
  EXPECT_EQ(convoke_entry("my@convoke=x,b=convoke=y,,"), "");
  EXPECT_EQ(convoke_entry(std::string(100'000, ',')), "");
}

TEST(LineageCarriers, ATraceparentsTraceIsRead) {
  const std::string good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  EXPECT_EQ(trace_of(good)[0], 0x0a);
  EXPECT_EQ(trace_of(good)[15], 0x9c);
  EXPECT_EQ(trace_of("01" + good.substr(2) + "-more")[15], 0x9c);
  for (const std::string& bad :
       {std::string(), good.substr(1), good + "-more", "ff" + good.substr(2), good + "0",
        std::string("00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01")}) {
    EXPECT_EQ(trace_of(bad), TraceId{}) << bad;
  }
}

}  // namespace
}  // namespace convoke
