#include "core/loop/key_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/loop/fixture.h"

namespace convoke {
namespace {

struct KeyFile : testing::Test {
  void write(const std::string& text) {
    std::ofstream(path) << text;
    ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
  }
  std::string refusal() {
    const auto key = load_or_make_key(path);
    return key ? "read: " + *key : key.error().message;
  }

  TemporaryDirectory directory;
  std::string path = directory.path() + "/delivery.key";
};

TEST_F(KeyFile, IsMadeOnceReadableByItsOwnerAloneAndReadAgain) {
  const auto made = load_or_make_key(path);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->size(), kKeyTextSize);
  struct stat found {};
  ASSERT_EQ(::stat(path.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0600U);
  EXPECT_EQ(*load_or_make_key(path), *made);
  std::ifstream file(path);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), *made + "\n");
  EXPECT_FALSE(std::filesystem::exists(path + ".new"));
}

TEST_F(KeyFile, TwoKeysDiffer) {
  EXPECT_NE(*load_or_make_key(path), *load_or_make_key(directory.path() + "/other.key"));
}

TEST_F(KeyFile, WhatACrashLeftOfMakingItIsNoKey) {
  std::ofstream(path + ".new") << "0123";
  EXPECT_EQ(load_or_make_key(path)->size(), kKeyTextSize);
}

TEST_F(KeyFile, OneThatOthersCanReadIsRefusedAndSaysWhatToDo) {
  write(std::string(kKeyTextSize, 'a'));
  ASSERT_EQ(::chmod(path.c_str(), 0640), 0);
  EXPECT_NE(refusal().find("chmod 600 " + path), std::string::npos) << refusal();
}

TEST_F(KeyFile, OneThatHoldsSomethingElseIsRefused) {
  for (const std::string& text :
       {std::string(), std::string("secret"), std::string(kKeyTextSize - 1, 'a'),
        std::string(kKeyTextSize + 1, 'a'), std::string(kKeyTextSize, 'A'),
        std::string(kKeyTextSize, 'a') + "\n\n"}) {
    write(text);
    EXPECT_NE(refusal().find("does not hold 64 lower-case hex digits"), std::string::npos) << text;
  }
  write(std::string(kKeyTextSize, 'a'));
  EXPECT_EQ(refusal(), "read: " + std::string(kKeyTextSize, 'a')) << "without a line's end";
}

TEST_F(KeyFile, ADirectoryThatIsNotThereIsAnError) {
  path = directory.path() + "/none/delivery.key";
  EXPECT_EQ(refusal().find("read: "), std::string::npos);
}

}  // namespace
}  // namespace convoke
