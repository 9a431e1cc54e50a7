#include "core/model/digest.h"

#include <gtest/gtest.h>

#include <thread>

#include "core/model/base64.h"

namespace convoke {
namespace {

struct Example {
  std::string key;
  std::string text;
  const char* mac;
};

// RFC 4231, cases 1, 2 and 6; and nothing under no key.
const Example kExamples[] = {
    {std::string(20, '\x0b'), "Hi There",
     "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
    {"Jefe", "what do ya want for nothing?",
     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    {std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First",
     "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
    {"", "", "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"},
};

void expect_the_examples() {
  for (int round = 0; round < 2; ++round) {
    for (const Example& one : kExamples) EXPECT_EQ(hex(hmac_sha256(one.key, one.text)), one.mac);
  }
}

TEST(Digest, HmacIsThatOfItsStandardOneKeyAfterTheOther) { expect_the_examples(); }

TEST(Digest, EachThreadHasItsOwn) {
  std::thread other(expect_the_examples);
  expect_the_examples();
  other.join();
}

TEST(Digest, Sha256IsThatOfItsStandard) {
  EXPECT_EQ(hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Digest, TextsAreEqualInWholeOrNot) {
  EXPECT_TRUE(equal_in_constant_time("", ""));
  EXPECT_TRUE(equal_in_constant_time("ab", "ab"));
  EXPECT_FALSE(equal_in_constant_time("ab", "ac"));
  EXPECT_FALSE(equal_in_constant_time("ab", "abc"));
  EXPECT_FALSE(equal_in_constant_time("ab", ""));
}

TEST(Base64, IsThatOfItsStandard) {
  EXPECT_EQ(encode_base64(""), "");
  EXPECT_EQ(encode_base64("fo"), "Zm8=");
  EXPECT_EQ(encode_base64(std::string_view("\xff\0", 2)), "/wA=");
}

}  // namespace
}  // namespace convoke
