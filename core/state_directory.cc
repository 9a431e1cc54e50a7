#include "core/state_directory.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <utility>

namespace convoke {
namespace {

namespace fs = std::filesystem;

// A socket's name needs as much room behind its directory's path; the whole has at most 107 bytes.
constexpr std::size_t kSocketDirectoryMax = 60;
constexpr std::string_view kJournalPrefix = "journal-";

Error cannot(std::string_view what, const std::string& path, const std::string& why) {
  return Error{ErrorCode::kServiceUnavailable, fmt::format("cannot {} '{}': {}", what, path, why)};
}

Result<void> make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return cannot("make the directory", path, std::strerror(errno));
}

}  // namespace

Result<StateDirectory> StateDirectory::open(const std::string& path, Duration wait_max) {
  std::error_code failed;
  fs::create_directories(path, failed);
  if (failed) return cannot("make the directory", path, failed.message());
  const fs::path absolute = fs::canonical(path, failed);
  if (failed) return cannot("resolve", path, failed.message());
  auto lock = StateLock::take(absolute.string(), wait_max);
  if (!lock) return lock.error();

  StateDirectory state(absolute.string(), *std::move(lock));
  for (const char* inner : {"/queue", "/logs", "/runtime"}) {
    if (auto made = make_directory(state.path() + inner); !made) return made.error();
  }
  if (auto made = state.make_sockets_directory(); !made) return made.error();
  return state;
}

Result<void> StateDirectory::check(const std::string& path) {
  if (::access(path.c_str(), R_OK | W_OK | X_OK) == 0 || errno == ENOENT) return {};
  return cannot("use the state directory", path, std::strerror(errno));
}

Result<void> StateDirectory::make_sockets_directory() {
  if (path().size() + 8 <= kSocketDirectoryMax) {
    sockets_ = path() + "/sockets";
    std::error_code ignored;
    fs::remove_all(sockets_, ignored);  // what an engine that was killed has left
    return make_directory(sockets_);
  }
  std::string made = "/tmp/convoke-XXXXXX";
  if (::mkdtemp(made.data()) == nullptr) return cannot("make", made, std::strerror(errno));
  sockets_ = made;
  return {};
}

StateDirectory::StateDirectory(StateDirectory&& other) noexcept
    : StatePlaces(std::move(other)),
      sockets_(std::exchange(other.sockets_, {})),
      lock_(std::move(other.lock_)) {}

StateDirectory::~StateDirectory() {
  std::error_code ignored;
  if (!sockets_.empty()) fs::remove_all(sockets_, ignored);
}

std::string StatePlaces::journal(std::uint32_t number) const {
  return fmt::format("{}/{}{}", queue(), kJournalPrefix, number);
}

std::vector<std::uint32_t> StatePlaces::journals() const {
  std::vector<std::uint32_t> numbers;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(queue(), ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.rfind(kJournalPrefix, 0) != 0) continue;
    std::uint32_t number = 0;
    const char* end = name.data() + name.size();
    const auto parsed = std::from_chars(name.data() + kJournalPrefix.size(), end, number);
    if (parsed.ec == std::errc{} && parsed.ptr == end) numbers.push_back(number);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

}  // namespace convoke
