#include "core/dispatch/delivery_signature.h"

#include <gtest/gtest.h>

namespace convoke {
namespace {

constexpr const char* kId = "0f8fad5b-d9cb-469f-a165-70867728950e";

// Computed by Python: hmac.new(key, timestamp + b'.' + body, hashlib.sha256).hexdigest()
TEST(DeliverySignature, IsWhatAnotherImplementationComputes) {
  const PostHeaders expected = {
      {"X-Convoke-Timestamp", "1660120276"},
      {"X-Convoke-Signature",
       "v1=fc033e4754936fc1a6ad1c2aca593905b1d9372635428de29a69983ca5e8abd2"},
      {"X-Convoke-Delivery", kId}};
  EXPECT_EQ(sign_delivery(std::string(64, 'k'), *CallId::parse(kId),
                          wall_from_ms(1'660'120'276'975), R"({"a":1})"),
            expected);
}

TEST(DeliverySignature, CoversTheTimeAndEveryByteOfTheBody) {
  const CallId id = *CallId::parse(kId);
  const auto signature = [&](std::string_view key, std::int64_t ms, std::string_view body) {
    return sign_delivery(key, id, wall_from_ms(ms), body).at(1).second;
  };
  const std::string one = signature("key", 5'000, "body");
  EXPECT_EQ(signature("key", 5'999, "body"), one) << "whole seconds";
  EXPECT_NE(signature("key", 6'000, "body"), one);
  EXPECT_NE(signature("other", 5'000, "body"), one);
  EXPECT_NE(signature("key", 5'000, std::string_view("body\0", 5)), one);
  EXPECT_NE(signature("key", 5'000, "Body"), one);
  EXPECT_EQ(signature("key", 0, "").size(), 3U + 64U);
}

}  // namespace
}  // namespace convoke
