#include "core/registry/base64.h"

#include <gtest/gtest.h>

#include "core/model/base64.h"
#include "tests/registry/zip_maker.h"

namespace convoke {
namespace {

std::string decoded(std::string_view text) {
  Result<std::string> bytes = decode_base64(text);
  return bytes ? *bytes : "error: " + bytes.error().message;
}

TEST(Base64, DecodesTheExamplesOfItsStandard) {
  EXPECT_EQ(decoded(""), "");
  EXPECT_EQ(decoded("Zg=="), "f");
  EXPECT_EQ(decoded("Zm8="), "fo");
  EXPECT_EQ(decoded("Zm9v"), "foo");
  EXPECT_EQ(decoded("Zm9vYg=="), "foob");
  EXPECT_EQ(decoded("Zm9vYmFy"), "foobar");
}

TEST(Base64, EveryLengthAndByteComesBack) {
  std::string bytes;
  for (int i = 0; i < 600; ++i) {
    EXPECT_EQ(decoded(to_base64(bytes)), bytes) << bytes.size();
    EXPECT_EQ(encode_base64(bytes), to_base64(bytes)) << bytes.size();
    bytes += static_cast<char>(i * 7);
  }
}

TEST(Base64, SaysWhichCharacterDoesNotBelong) {
  EXPECT_NE(decoded("Zm9v\nZm9vAAA").find("position 4"), std::string::npos);
  EXPECT_NE(decoded("Zm-v").find("position 2"), std::string::npos);  // the alphabet of URLs
  EXPECT_NE(decoded("Z=9v").find("position 1"), std::string::npos);
  EXPECT_NE(decoded("Zg==Zg==").find("position 2"), std::string::npos);
  EXPECT_NE(decoded("====").find("position 0"), std::string::npos);
}

TEST(Base64, RefusesWhatIsCutOrHasBitsLeftOver) {
  EXPECT_EQ(decoded("Zm9").substr(0, 6), "error:");
  EXPECT_EQ(decoded("Zg=").substr(0, 6), "error:");
  EXPECT_EQ(decoded("Zh==").substr(0, 6), "error:");
  EXPECT_EQ(decoded("Zm9=").substr(0, 6), "error:");
}

TEST(Base64, ErrorsAreTheClients) {
  EXPECT_EQ(decode_base64("Zm9").error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace convoke
