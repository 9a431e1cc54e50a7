// The floor of durability: appends of one size to a preallocated file, each followed by fdatasync.
//
//   raw_fdatasync FILE BYTES SECONDS      prints: writes per second, p50 and p99 in microseconds
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: raw_fdatasync FILE BYTES SECONDS\n");
    return 2;
  }
  using Clock = std::chrono::steady_clock;
  const int fd = open(argv[1], O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  constexpr off_t kReserve = 64 << 20;
  if (fd < 0 || posix_fallocate(fd, 0, kReserve) != 0 || fsync(fd) != 0) {
    std::perror(argv[1]);
    return 1;
  }
  const std::string record(static_cast<std::size_t>(std::atoi(argv[2])), 'x');
  const auto end = Clock::now() + std::chrono::seconds(std::atoi(argv[3]));
  std::vector<double> micros;
  off_t at = 0;
  for (auto begin = Clock::now(); begin < end; begin = Clock::now()) {
    if (pwrite(fd, record.data(), record.size(), at) < 0 || fdatasync(fd) != 0) return 1;
    at = (at + static_cast<off_t>(record.size())) % (kReserve - static_cast<off_t>(record.size()));
    micros.push_back(std::chrono::duration<double, std::micro>(Clock::now() - begin).count());
  }
  std::sort(micros.begin(), micros.end());
  std::printf("%.0f %.1f %.1f\n", static_cast<double>(micros.size()) / std::atof(argv[3]),
              micros[micros.size() / 2], micros[micros.size() * 99 / 100]);
  unlink(argv[1]);
}
