#include "tools/base64.h"

#include <gtest/gtest.h>

namespace convoke::cli {
namespace {

TEST(Base64, SpeaksTheVectorsOfTheStandard) {
  EXPECT_EQ(base64_encoded(""), "");
  EXPECT_EQ(base64_encoded("f"), "Zg==");
  EXPECT_EQ(base64_encoded("fo"), "Zm8=");
  EXPECT_EQ(base64_encoded("foo"), "Zm9v");
  EXPECT_EQ(base64_encoded("foobar"), "Zm9vYmFy");
}

TEST(Base64, WhatIsEncodedComesBackAtEveryLength) {
  std::string bytes;
  for (int size = 0; size < 300; ++size) {
    EXPECT_EQ(base64_decoded(base64_encoded(bytes)), bytes) << size;
    bytes.push_back(static_cast<char>(size * 37));
  }
}

TEST(Base64, WhatIsNoBase64IsRefused) {
  EXPECT_EQ(base64_decoded("Zm9v!"), std::nullopt);
  EXPECT_EQ(base64_decoded("Zm9"), std::nullopt);
}

}  // namespace
}  // namespace convoke::cli
