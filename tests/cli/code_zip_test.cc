#include "tools/code_zip.h"

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>

namespace convoke::cli {
namespace {

namespace fs = std::filesystem;

class CodeZipTest : public ::testing::Test {
 protected:
  CodeZipTest() {
    std::string pattern = (fs::temp_directory_path() / "code_zip_XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
  }
  ~CodeZipTest() override { fs::remove_all(directory_); }

  void write(const std::string& name, const std::string& content, fs::perms mode = kPlain) const {
    const fs::path path = directory_ / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << content;
    fs::permissions(path, mode);
  }

  [[nodiscard]] std::string zip() const {
    Outcome<CodeZip> made = zip_directory(directory_.string());
    return made ? made->bytes : "failed: " + made.failure().message;
  }

  static constexpr fs::perms kPlain = fs::perms(0600);
  static constexpr fs::perms kExecutable = fs::perms(0700);
  fs::path directory_;
};

struct Unpacked {
  std::string content;
  unsigned mode = 0;
};

std::map<std::string, Unpacked> unpack(const std::string& zip) {
  std::map<std::string, Unpacked> files;
  const std::unique_ptr<archive, decltype(&archive_read_free)> reader(archive_read_new(),
                                                                      archive_read_free);
  archive_read_support_format_zip_seekable(reader.get());
  EXPECT_EQ(archive_read_open_memory(reader.get(), zip.data(), zip.size()), ARCHIVE_OK);
  for (archive_entry* entry = nullptr;
       archive_read_next_header(reader.get(), &entry) == ARCHIVE_OK;) {
    Unpacked& file = files[archive_entry_pathname(entry)];
    file.mode = archive_entry_perm(entry);
    file.content.resize(static_cast<std::size_t>(archive_entry_size(entry)));
    archive_read_data(reader.get(), file.content.data(), file.content.size());
  }
  return files;
}

TEST_F(CodeZipTest, HoldsEveryFileWithItsContentAndExecuteBit) {
  write("bootstrap", "#!/bin/true\n", kExecutable);
  write("lib/deep/data.bin", std::string("a\0b", 3));
  write("empty", "");
  const auto files = unpack(zip());
  ASSERT_EQ(files.size(), 3U);
  EXPECT_EQ(files.at("bootstrap").content, "#!/bin/true\n");
  EXPECT_EQ(files.at("bootstrap").mode, 0755U);
  EXPECT_EQ(files.at("lib/deep/data.bin").content, std::string("a\0b", 3));
  EXPECT_EQ(files.at("lib/deep/data.bin").mode, 0644U);
  EXPECT_EQ(files.at("empty").content, "");
}

TEST_F(CodeZipTest, LeavesOutGitAndTheManifestAtTheTop) {
  write("index.py", "x");
  write("convoke.toml", "x");
  write(".git/config", "x");
  write("vendor/.git/HEAD", "x");
  write("vendor/convoke.toml", "kept: it belongs to the code");
  const auto files = unpack(zip());
  EXPECT_EQ(files.size(), 2U);
  EXPECT_EQ(files.count("index.py"), 1U);
  EXPECT_EQ(files.count("vendor/convoke.toml"), 1U);
}

TEST_F(CodeZipTest, TheSameContentGivesTheSameBytes) {
  write("b.py", "2");
  write("a.py", "1");
  const std::string first = zip();
  fs::last_write_time(directory_ / "a.py",
                      fs::file_time_type::clock::now() + std::chrono::hours(1));
  EXPECT_EQ(zip(), first);
  write("a.py", "3");
  EXPECT_NE(zip(), first);
}

TEST_F(CodeZipTest, ALinkToAFileIsPackedAsThatFile) {
  write("real.py", "content");
  fs::create_symlink("real.py", directory_ / "link.py");
  EXPECT_EQ(unpack(zip()).at("link.py").content, "content");
}

TEST_F(CodeZipTest, ALinkToADirectoryIsRefused) {
  write("real/x", "content");
  fs::create_directory_symlink("real", directory_ / "link");
  EXPECT_NE(zip().find("is a link to a directory"), std::string::npos);
}

TEST_F(CodeZipTest, ADeadLinkAndAPipeAreRefused) {
  fs::create_symlink("nowhere", directory_ / "dead");
  EXPECT_EQ(zip().find("failed:"), 0U);
  fs::remove(directory_ / "dead");
  ASSERT_EQ(::mkfifo((directory_ / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(zip().find("failed:"), 0U);
}

TEST_F(CodeZipTest, ADirectoryThatIsNotThereIsRefused) {
  EXPECT_FALSE(zip_directory((directory_ / "nowhere").string()));
}

}  // namespace
}  // namespace convoke::cli
