#include "tools/base64.h"

#include <gtest/gtest.h>

#include "core/model/base64.h"

namespace convoke::cli {
namespace {

TEST(Base64, SpeaksTheVectorsOfTheStandard) {
  EXPECT_EQ(encode_base64(""), "");
  EXPECT_EQ(encode_base64("f"), "Zg==");
  EXPECT_EQ(encode_base64("fo"), "Zm8=");
  EXPECT_EQ(encode_base64("foo"), "Zm9v");
  EXPECT_EQ(encode_base64("foobar"), "Zm9vYmFy");
}

TEST(Base64, WhatIsEncodedComesBackAtEveryLength) {
  std::string bytes;
  for (int size = 0; size < 300; ++size) {
    EXPECT_EQ(base64_decoded(encode_base64(bytes)), bytes) << size;
    bytes.push_back(static_cast<char>(size * 37));
  }
}

TEST(Base64, WhatIsNoBase64IsRefused) {
  EXPECT_EQ(base64_decoded("Zm9v!"), std::nullopt);
  EXPECT_EQ(base64_decoded("Zm9"), std::nullopt);
}

}  // namespace
}  // namespace convoke::cli
