#include "core/loop/secret_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/loop/fixture.h"

namespace convoke {
namespace {

struct SecretFile : testing::Test {
  void write(const std::string& text, ::mode_t mode = 0600) {
    std::ofstream(path) << text;
    ASSERT_EQ(::chmod(path.c_str(), mode), 0);
  }
  [[nodiscard]] std::string refusal() const {
    const auto text = read_secret_file(path, 8);
    return text ? "read: " + *text : text.error().message;
  }

  TemporaryDirectory directory;
  std::string path = directory.path() + "/secret";
};

TEST_F(SecretFile, IsReadWhole) {
  for (const char* text : {"", "a\nb", "12345678"}) {
    write(text);
    EXPECT_EQ(refusal(), std::string("read: ") + text);
  }
}

TEST_F(SecretFile, OneThatIsTooLargeIsRefused) {
  write("123456789");
  EXPECT_EQ(refusal(), path + " is larger than 8 bytes");
}

TEST_F(SecretFile, OneThatAnybodyElseCanReachIsRefused) {
  for (const ::mode_t mode : {0640U, 0604U, 0620U, 0602U, 0610U, 0601U}) {
    write("secret", mode);
    EXPECT_NE(refusal().find("chmod 600 " + path), std::string::npos) << mode;
  }
  write("secret", 0400);
  EXPECT_EQ(refusal(), "read: secret");
}

TEST_F(SecretFile, WhatIsNoFileIsRefusedAndNotWaitedFor) {
  EXPECT_NE(refusal().find(path), std::string::npos);
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_EQ(refusal(), path + " is not a regular file");
  std::filesystem::remove(path);
  std::filesystem::create_directory(path);
  EXPECT_EQ(refusal(), path + " is not a regular file");
}

}  // namespace
}  // namespace convoke
