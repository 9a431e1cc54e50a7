#include "core/model/base64url.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace convoke {
namespace {

TEST(Base64Url, TextsAreTheStandards) {
  constexpr std::array<std::uint8_t, 6> kBytes = {0xfb, 0xef, 0xff, 'a', 'b', 'c'};
  std::array<char, 8> text{};
  encode_base64url(kBytes, text);
  EXPECT_EQ(std::string(text.data(), text.size()), "--__YWJj");
}

TEST(Base64Url, EveryByteComesBack) {
  std::array<std::uint8_t, 255> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i + 1);
  std::array<char, 340> text{};
  encode_base64url(bytes, text);
  std::array<std::uint8_t, 255> back{};
  ASSERT_TRUE(decode_base64url({text.data(), text.size()}, back));
  EXPECT_EQ(back, bytes);
}

TEST(Base64Url, WhatIsNoneIsRefused) {
  std::array<std::uint8_t, 3> bytes{};
  EXPECT_TRUE(decode_base64url("ab-_", bytes));
  for (const char* text : {"", "ab-", "ab-_ab-_", "ab+_", "ab=_", "ab\n_", "ab\xff_"}) {
    EXPECT_FALSE(decode_base64url(text, bytes)) << text;
  }
}

}  // namespace
}  // namespace convoke
