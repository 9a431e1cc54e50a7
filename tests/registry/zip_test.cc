#include "core/registry/zip.h"

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/registry/temp_dir.h"
#include "tests/registry/zip_maker.h"

namespace convoke {
namespace {

namespace fs = std::filesystem;

std::string refusal(const std::vector<ZipEntry>& entries, const ZipLimits& limits = {}) {
  const TempDir directory;
  const std::string inside = directory / "inside";
  fs::create_directory(inside);
  const Result<void> unpacked = unpack_zip(make_zip(entries), inside, limits);
  EXPECT_EQ(std::distance(fs::directory_iterator(directory.path()), fs::directory_iterator()), 1)
      << "something was written outside";
  if (unpacked) return "";
  EXPECT_EQ(unpacked.error().code, ErrorCode::kInvalidArgument);
  return unpacked.error().message;
}

bool mentions(const std::string& message, std::string_view what) {
  return message.find(what) != std::string::npos;
}

bool is_executable(const std::string& path) {
  return (fs::status(path).permissions() & fs::perms::owner_exec) != fs::perms::none;
}

TEST(Zip, FilesDirectoriesAndLinksComeOutAsTheyAre) {
  const TempDir directory;
  const std::string zip = make_zip({{"bootstrap", "#!/bin/sh\n", kExecutableMode},
                                    {"lib/", "", kDirectoryMode},
                                    {"lib/deep/module.py", "x = 1\n"},
                                    {"link", "lib/deep/module.py", kLinkMode},
                                    {"empty/", "", kDirectoryMode},
                                    {"\xc3\xbc.txt", "umlaut"}});
  const Result<void> unpacked = unpack_zip(zip, directory.path(), {});
  ASSERT_TRUE(unpacked) << unpacked.error().message;
  EXPECT_EQ(content_of(directory / "bootstrap"), "#!/bin/sh\n");
  EXPECT_TRUE(is_executable(directory / "bootstrap"));
  EXPECT_FALSE(is_executable(directory / "lib/deep/module.py"));
  EXPECT_EQ(content_of(directory / "link"), "x = 1\n");
  EXPECT_TRUE(fs::is_symlink(directory / "link"));
  EXPECT_TRUE(fs::is_directory(directory / "empty"));
  EXPECT_EQ(content_of(directory / "\xc3\xbc.txt"), "umlaut");
}

TEST(Zip, SpecialModeBitsAreDropped) {
  const TempDir directory;
  ASSERT_TRUE(unpack_zip(make_zip({{"tool", "x", 0106755}}), directory.path(), {}));
  EXPECT_EQ(fs::status(directory / "tool").permissions(), static_cast<fs::perms>(0755));
}

// What another program writes: deflated, with data descriptors.
TEST(Zip, ReadsACompressedArchive) {
  const std::string content(200'000, 'x');
  std::string zip(400'000, '\0');
  std::size_t used = 0;
  archive* writer = archive_write_new();
  archive_write_set_format_zip(writer);
  archive_write_open_memory(writer, zip.data(), zip.size(), &used);
  archive_entry* entry = archive_entry_new();
  archive_entry_set_pathname(entry, "index.py");
  archive_entry_set_filetype(entry, AE_IFREG);
  archive_entry_set_perm(entry, 0755);
  archive_entry_set_size(entry, static_cast<la_int64_t>(content.size()));
  archive_write_header(writer, entry);
  archive_write_data(writer, content.data(), content.size());
  archive_entry_free(entry);
  archive_write_close(writer);
  archive_write_free(writer);
  zip.resize(used);
  ASSERT_LT(zip.size(), content.size());

  const TempDir directory;
  ASSERT_TRUE(unpack_zip(zip, directory.path(), {}));
  EXPECT_EQ(content_of(directory / "index.py"), content);
  EXPECT_TRUE(is_executable(directory / "index.py"));

  const TempDir small;
  ZipLimits limits;
  limits.unpacked_bytes_max = content.size() - 1;
  const Result<void> bomb = unpack_zip(zip, small.path(), limits);
  ASSERT_FALSE(bomb);
  EXPECT_TRUE(mentions(bomb.error().message, "too large when unpacked")) << bomb.error().message;
}

TEST(Zip, NamesTheEntryThatItRefuses) {
  EXPECT_TRUE(mentions(refusal({{"ok", "1"}, {"../evil", "x"}}), "'../evil'"));
  EXPECT_TRUE(mentions(refusal({{"/etc/cron.d/evil", "x"}}), "absolute path"));
  EXPECT_TRUE(mentions(refusal({{"a", "1"}, {"a", "2"}}), "comes twice"));
  EXPECT_TRUE(mentions(refusal({{"a", "1"}, {"a/b", "2"}}), "below another entry"));
}

TEST(Zip, RefusesLinksThatLeadOutAndWritingThroughLinks) {
  EXPECT_TRUE(mentions(refusal({{"out", "../..", kLinkMode}}), "leads out"));
  EXPECT_TRUE(mentions(refusal({{"out", "/etc", kLinkMode}}), "absolute path"));
  EXPECT_TRUE(mentions(refusal({{"d", "sub", kLinkMode}, {"d/file", "x"}}), "below another entry"));
  EXPECT_TRUE(mentions(refusal({{"d", "x"}, {"d", "/etc/passwd", kLinkMode}}), "absolute path"));
}

TEST(Zip, RefusesDevices) {
  EXPECT_TRUE(mentions(refusal({{"null", "", kDeviceMode}}), "neither a file"));
}

TEST(Zip, HoldsItsLimits) {
  ZipLimits limits;
  limits.entries_max = 3;
  EXPECT_EQ(refusal({{"a", ""}, {"b", ""}, {"c", ""}}, limits), "");
  EXPECT_TRUE(mentions(refusal({{"a", ""}, {"b/c/d", ""}}, limits), "too many entries"));
  limits = {};
  limits.unpacked_bytes_max = 10;
  EXPECT_EQ(refusal({{"a", "12345"}, {"b", "67890"}}, limits), "");
  EXPECT_TRUE(mentions(refusal({{"a", "12345"}, {"b", "678901"}}, limits), "too large"));
}

TEST(Zip, RefusesWhatIsNoZipOrHoldsNoFile) {
  const TempDir directory;
  for (const std::string& bytes : {std::string(), std::string("not a zip"), std::string(5000, '\0'),
                                   make_zip({}), make_zip({{"d/", "", kDirectoryMode}})}) {
    const Result<void> unpacked = unpack_zip(bytes, directory.path(), {});
    ASSERT_FALSE(unpacked);
    EXPECT_EQ(unpacked.error().code, ErrorCode::kInvalidArgument);
  }
}

TEST(Zip, RefusesAWrongChecksum) { EXPECT_NE(refusal({{"a", "content", kFileMode, true}}), ""); }

// A cut archive has lost its directory, or entries point past its end: never a crash, never a file
// outside. The whole one, cut nowhere, is fine.
TEST(Zip, CutAtEveryByteItIsRefused) {
  const std::string zip = make_zip({{"a/b", "content", kExecutableMode}, {"c", "d"}});
  for (std::size_t size = 0; size < zip.size(); ++size) {
    const TempDir directory;
    EXPECT_FALSE(unpack_zip(std::string_view(zip).substr(0, size), directory.path(), {})) << size;
  }
  const TempDir directory;
  EXPECT_TRUE(unpack_zip(zip, directory.path(), {}));
}

TEST(Zip, WithAnyByteChangedNothingIsWrittenOutside) {
  const std::string zip = make_zip({{"a/b", "content"}, {"c", "a/b", kLinkMode}});
  for (std::size_t at = 0; at < zip.size(); ++at) {
    std::string changed = zip;
    changed[at] = static_cast<char>(changed[at] ^ (at % 2 == 0 ? '\xff' : '\x01'));
    const TempDir directory;
    fs::create_directory(directory / "inside");
    static_cast<void>(unpack_zip(changed, directory / "inside", {}));
    EXPECT_EQ(std::distance(fs::directory_iterator(directory.path()), fs::directory_iterator()), 1);
  }
}

}  // namespace
}  // namespace convoke
