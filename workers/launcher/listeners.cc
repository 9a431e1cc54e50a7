#include "workers/launcher/listeners.h"

#include <dirent.h>
#include <unistd.h>

#include <array>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

namespace convoke::launcher {
namespace {

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
struct CloseDir {
  void operator()(DIR* dir) const { ::closedir(dir); }
};

constexpr unsigned kStateListen = 0x0A;

// The addresses are the raw 32-bit words of the kernel's structures, in hexadecimal: the machine's
// byte order shows in them.
std::string as_shown(std::uint32_t network_bytes_first) {
  const std::uint32_t value = network_bytes_first;
  std::array<unsigned char, 4> bytes{
      static_cast<unsigned char>(value >> 24), static_cast<unsigned char>(value >> 16),
      static_cast<unsigned char>(value >> 8), static_cast<unsigned char>(value)};
  std::uint32_t word = 0;
  std::memcpy(&word, bytes.data(), sizeof word);
  std::array<char, 9> text{};
  std::snprintf(text.data(), text.size(), "%08X", word);
  return text.data();
}

bool reaches_loopback(std::string_view address) {
  static const std::string kAny = as_shown(0);
  static const std::string kLocalhost = as_shown(0x7F000001);
  static const std::string kMapped = as_shown(0x0000FFFF);
  static const std::string kOne = as_shown(1);
  static const std::array<std::string, 6> kReaching = {
      kAny,
      kLocalhost,
      kAny + kAny + kAny + kAny,
      kAny + kAny + kAny + kOne,
      kAny + kAny + kMapped + kAny,
      kAny + kAny + kMapped + kLocalhost,
  };
  for (const std::string& reaching : kReaching) {
    if (address == reaching) return true;
  }
  return false;
}

// The kernel lists listeners before all other sockets, so the first other one ends the search: a
// busy machine has tens of thousands of those.
void add_listening(pid_t pid, const char* table, std::vector<ListeningSocket>& sockets) {
  const std::string path = "/proc/" + std::to_string(pid) + "/net/" + table;
  const std::unique_ptr<std::FILE, CloseFile> file(std::fopen(path.c_str(), "re"));
  if (file == nullptr) return;
  std::array<char, 512> line{};
  if (std::fgets(line.data(), line.size(), file.get()) == nullptr) return;  // the heading
  while (std::fgets(line.data(), line.size(), file.get()) != nullptr) {
    std::array<char, 33> address{};
    unsigned port = 0;
    unsigned state = 0;
    std::uint64_t inode = 0;
    const int fields =
        std::sscanf(line.data(), " %*d: %32[0-9A-F]:%X %*s %X %*s %*s %*s %*u %*u %" SCNu64,
                    address.data(), &port, &state, &inode);
    if (fields != 4 || state != kStateListen) return;
    sockets.push_back({inode, static_cast<std::uint16_t>(port), reaches_loopback(address.data())});
  }
}

}  // namespace

std::vector<ListeningSocket> listening_sockets(pid_t pid) {
  std::vector<ListeningSocket> sockets;
  add_listening(pid, "tcp", sockets);
  add_listening(pid, "tcp6", sockets);
  return sockets;
}

void add_socket_inodes(pid_t pid, std::unordered_set<std::uint64_t>& inodes) {
  const std::string path = "/proc/" + std::to_string(pid) + "/fd";
  const std::unique_ptr<DIR, CloseDir> dir(::opendir(path.c_str()));
  if (dir == nullptr) return;
  for (int looked = 0; looked < kDescriptorsMax; ++looked) {
    const dirent* item = ::readdir(dir.get());
    if (item == nullptr) return;
    std::array<char, 64> target{};
    if (::readlinkat(::dirfd(dir.get()), item->d_name, target.data(), target.size() - 1) <= 0) {
      continue;
    }
    std::uint64_t inode = 0;
    if (std::sscanf(target.data(), "socket:[%" SCNu64 "]", &inode) == 1) inodes.insert(inode);
  }
}

}  // namespace convoke::launcher
