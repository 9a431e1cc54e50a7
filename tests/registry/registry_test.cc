#include "core/registry/registry.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>

#include "tests/registry/temp_dir.h"
#include "tests/registry/zip_maker.h"

namespace convoke {
namespace {

namespace fs = std::filesystem;

std::unique_ptr<Registry> open(const TempDir& directory) {
  Result<std::unique_ptr<Registry>> registry = Registry::open({directory.path(), {}});
  EXPECT_TRUE(registry) << (registry ? "" : registry.error().message);
  return *std::move(registry);
}

FunctionFields with_code(const std::string& content) {
  FunctionFields fields;
  fields.runtime = "custom";
  fields.zip_base64 = to_base64(make_zip({{"bootstrap", content, kExecutableMode}}));
  return fields;
}

FunctionPtr put_by(const Result<Change>& change) {
  EXPECT_TRUE(change) << (change ? "" : change.error().message);
  const auto* put = change ? std::get_if<FunctionPut>(&change->what) : nullptr;
  return put != nullptr ? put->function : nullptr;
}

TEST(Registry, ACreatedFunctionHasItsCodeOnDiskAndAfterARestart) {
  const TempDir directory;
  FunctionPtr made;
  {
    const auto registry = open(directory);
    ASSERT_TRUE(registry->execute(CreateService{"s", {}}, wall_from_ms(1)));
    made = put_by(registry->execute(CreateFunction{"s", "f", with_code("one")}, wall_from_ms(2)));
    ASSERT_TRUE(made);
  }
  const auto registry = open(directory);
  ASSERT_EQ(registry->loaded().size(), 2U);
  Directory found;
  for (const Change& change : registry->loaded()) found.apply(change);
  const FunctionPtr again = found.find_function("s", "f");
  ASSERT_TRUE(again);
  EXPECT_EQ(again->code.directory, made->code.directory);
  EXPECT_EQ(again->code.checksum, made->code.checksum);
  EXPECT_EQ(content_of(again->code.directory + "/bootstrap"), "one");
  const Result<std::string> zip = registry->read_zip(*again);
  ASSERT_TRUE(zip);
  EXPECT_EQ(checksum_of(*zip), again->code.checksum);
}

TEST(Registry, AnIdIsNeverUsedTwiceNotEvenAfterADeleteAndARestart) {
  const TempDir directory;
  FunctionPtr first;
  {
    const auto registry = open(directory);
    ASSERT_TRUE(registry->execute(CreateService{"s", {}}, wall_from_ms(1)));
    first = put_by(registry->execute(CreateFunction{"s", "f", with_code("1")}, wall_from_ms(2)));
    ASSERT_TRUE(registry->execute(DeleteFunction{"s", "f", {}}, wall_from_ms(3)));
  }
  const auto registry = open(directory);
  const FunctionPtr second =
      put_by(registry->execute(CreateFunction{"s", "f", with_code("1")}, wall_from_ms(4)));
  ASSERT_TRUE(first && second);
  EXPECT_GT(second->id.value, first->id.value);
  EXPECT_NE(second->etag, first->etag);
  EXPECT_NE(second->code.directory, first->code.directory);
}

TEST(Registry, VersionsGrowByOneOverRestarts) {
  const TempDir directory;
  for (std::uint64_t version = 1; version < 5; ++version) {
    const auto registry = open(directory);
    const auto change =
        registry->execute(CreateService{"s" + std::to_string(version), {}}, wall_from_ms(1));
    ASSERT_TRUE(change);
    EXPECT_EQ(change->version, version);
  }
}

TEST(Registry, NewCodeIsANewRevisionBesideTheOldUntilItIsCollected) {
  const TempDir directory;
  const auto registry = open(directory);
  ASSERT_TRUE(registry->execute(CreateService{"s", {}}, wall_from_ms(1)));
  const auto old = put_by(registry->execute(CreateFunction{"s", "f", with_code("1")}, {}));
  const auto now = put_by(registry->execute(UpdateFunction{"s", "f", with_code("2"), {}}, {}));
  ASSERT_TRUE(old && now);
  EXPECT_GT(now->revision, old->revision);
  EXPECT_EQ(content_of(old->code.directory + "/bootstrap"), "1");
  EXPECT_EQ(content_of(now->code.directory + "/bootstrap"), "2");
  registry->collect_code({old->code.directory});  // an instance still runs there
  EXPECT_TRUE(fs::exists(old->code.directory));
  registry->collect_code({});
  EXPECT_FALSE(fs::exists(old->code.directory));
  EXPECT_FALSE(registry->read_zip(*old));
  EXPECT_TRUE(fs::exists(now->code.directory));
}

TEST(Registry, AStartRemovesCodeThatNothingRefersTo) {
  const TempDir directory;
  FunctionPtr old;
  {
    const auto registry = open(directory);
    ASSERT_TRUE(registry->execute(CreateService{"s", {}}, wall_from_ms(1)));
    old = put_by(registry->execute(CreateFunction{"s", "f", with_code("1")}, {}));
    ASSERT_TRUE(registry->execute(UpdateFunction{"s", "f", with_code("2"), {}}, {}));
  }
  fs::create_directories(directory / "code/77.new");
  const auto registry = open(directory);
  EXPECT_FALSE(fs::exists(old->code.directory));
  EXPECT_FALSE(fs::exists(directory / "code/77.new"));
}

TEST(Registry, RefusedCodeChangesNothing) {
  const TempDir directory;
  const auto registry = open(directory);
  ASSERT_TRUE(registry->execute(CreateService{"s", {}}, wall_from_ms(1)));
  FunctionFields fields = with_code("1");
  for (const std::string& base64 :
       {std::string("not base64!"), to_base64("no zip"), to_base64(make_zip({{"../evil", "x"}}))}) {
    fields.zip_base64 = base64;
    const auto change = registry->execute(CreateFunction{"s", "f", fields}, wall_from_ms(1));
    ASSERT_FALSE(change);
    EXPECT_EQ(change.error().code, ErrorCode::kInvalidArgument);
    EXPECT_NE(change.error().message.find("zip"), std::string::npos);
  }
  EXPECT_EQ(paths_below(directory / "code"), 0U);
  const auto change = registry->execute(CreateService{"t", {}}, wall_from_ms(1));
  ASSERT_TRUE(change);
  EXPECT_EQ(change->version, 2U);
}

TEST(Registry, CodeIsNotUnpackedForAMutationThatIsRefusedAnyway) {
  const TempDir directory;
  const auto registry = open(directory);
  EXPECT_FALSE(registry->execute(CreateFunction{"s", "f", with_code("1")}, wall_from_ms(1)));
  EXPECT_EQ(paths_below(directory / "code"), 0U);
}

TEST(Registry, ATooLongZipIsRefusedBeforeItIsDecoded) {
  const TempDir directory;
  const auto registry = open(directory);
  ASSERT_TRUE(registry->execute(CreateService{"s", {}}, wall_from_ms(1)));
  FunctionFields fields = with_code("1");
  fields.zip_base64 = std::string((kZipBytesMax + 2) / 3 * 4 + 4, '!');
  const auto change = registry->execute(CreateFunction{"s", "f", std::move(fields)}, wall_from_ms(1));
  ASSERT_FALSE(change);
  EXPECT_NE(change.error().message.find("too large"), std::string::npos) << change.error().message;
}

TEST(Registry, AFailedCommitLeavesTheCommittedStateAndTheNextTryWorks) {
  const TempDir directory;
  const auto registry = open(directory);
  ASSERT_TRUE(registry->execute(CreateService{"s", {}}, wall_from_ms(1)));
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open((directory / "registry.db").c_str(), &database), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(database,
                         "CREATE TRIGGER refuse BEFORE INSERT ON functions "
                         "BEGIN SELECT RAISE(ABORT, 'refused'); END",
                         nullptr, nullptr, nullptr),
            SQLITE_OK);
  const auto refused = registry->execute(CreateFunction{"s", "f", with_code("1")}, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kServiceUnavailable);
  ASSERT_EQ(sqlite3_exec(database, "DROP TRIGGER refuse", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(database);
  const auto made = put_by(registry->execute(CreateFunction{"s", "f", with_code("2")}, {}));
  ASSERT_TRUE(made);
  EXPECT_EQ(content_of(made->code.directory + "/bootstrap"), "2");
}

TEST(Registry, AStateDirectoryCanBeMoved) {
  const TempDir directory;
  fs::create_directory(directory / "old");
  {
    auto registry = Registry::open({directory / "old", {}});
    ASSERT_TRUE(registry);
    ASSERT_TRUE((*registry)->execute(CreateService{"s", {}}, wall_from_ms(1)));
    ASSERT_TRUE((*registry)->execute(CreateFunction{"s", "f", with_code("1")}, {}));
  }
  fs::rename(directory / "old", directory / "new");
  auto registry = Registry::open({directory / "new", {}});
  ASSERT_TRUE(registry);
  const auto& put = std::get<FunctionPut>((*registry)->loaded().back().what);
  EXPECT_EQ(content_of(put.function->code.directory + "/bootstrap"), "1");
}

}  // namespace
}  // namespace convoke
