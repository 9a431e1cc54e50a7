#include "core/registry/code_store.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/registry/temp_dir.h"
#include "tests/registry/zip_maker.h"

namespace convoke {
namespace {

namespace fs = std::filesystem;

CodeStore open_store(const TempDir& directory) {
  Result<CodeStore> store = CodeStore::open(directory / "code");
  EXPECT_TRUE(store);
  return *std::move(store);
}

TEST(CodeStore, ChecksumIsTheCrc64OfXz) {
  EXPECT_EQ(checksum_of("123456789"), "11051210869376104954");  // 0x995dc9bbdf1939fa
  EXPECT_EQ(checksum_of(""), "0");
}

TEST(CodeStore, KeepsAPackageUnpackedAndAsItCame) {
  const TempDir directory;
  CodeStore store = open_store(directory);
  const std::string zip = make_zip({{"bootstrap", "run", kExecutableMode}});
  const Result<CodePackage> code = store.put(zip, "7");
  ASSERT_TRUE(code);
  EXPECT_EQ(code->size, zip.size());
  EXPECT_EQ(code->checksum, checksum_of(zip));
  EXPECT_TRUE(fs::path(code->directory).is_absolute());
  EXPECT_EQ(content_of(code->directory + "/bootstrap"), "run");
  const Result<std::string> back = store.read_zip(*code);
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, zip);
}

TEST(CodeStore, ARefusedPackageLeavesNothingBehind) {
  const TempDir directory;
  CodeStore store = open_store(directory);
  EXPECT_FALSE(store.put(make_zip({{"ok", "1"}, {"../evil", "2"}}), "1"));
  EXPECT_FALSE(store.put("no zip", "2"));
  EXPECT_EQ(paths_below(directory / "code"), 0U);
  EXPECT_FALSE(fs::exists(directory / "evil"));
}

TEST(CodeStore, WhatACrashLeftUnderTheSameNameIsReplaced) {
  const TempDir directory;
  CodeStore store = open_store(directory);
  ASSERT_TRUE(store.put(make_zip({{"old", "1"}}), "1"));
  fs::create_directories(directory / "code/1.new/half");
  const Result<CodePackage> code = store.put(make_zip({{"new", "2"}}), "1");
  ASSERT_TRUE(code);
  EXPECT_FALSE(fs::exists(code->directory + "/old"));
  EXPECT_EQ(content_of(code->directory + "/new"), "2");
  EXPECT_FALSE(fs::exists(directory / "code/1.new"));
}

TEST(CodeStore, RemovesWhatIsNotKept) {
  const TempDir directory;
  CodeStore store = open_store(directory);
  const Result<CodePackage> kept = store.put(make_zip({{"a", "1"}}), "1");
  const Result<CodePackage> gone = store.put(make_zip({{"a", "2"}}), "2");
  ASSERT_TRUE(kept && gone);
  fs::create_directories(directory / "code/3.new");
  store.keep_only({kept->directory});
  EXPECT_TRUE(store.read_zip(*kept));
  EXPECT_EQ(content_of(kept->directory + "/a"), "1");
  EXPECT_FALSE(store.read_zip(*gone));
  EXPECT_EQ(paths_below(directory / "code"), 3U);  // 1, 1/a, 1.zip
}

TEST(CodeStore, RefusesAZipBeyondItsLimit) {
  const TempDir directory;
  CodeStore store = open_store(directory);
  const Result<CodePackage> code = store.put(std::string(kZipBytesMax + 1, 'x'), "1");
  ASSERT_FALSE(code);
  EXPECT_NE(code.error().message.find("too large"), std::string::npos);
}

TEST(CodeStore, ADirectoryThatCannotBeMadeIsAnErrorThatNamesIt) {
  const Result<CodeStore> store = CodeStore::open("/proc/convoke-code");
  ASSERT_FALSE(store);
  EXPECT_NE(store.error().message.find("/proc/convoke-code"), std::string::npos);
}

}  // namespace
}  // namespace convoke
