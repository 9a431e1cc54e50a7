#include "workers/launcher/process_table.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <unordered_map>
#include <unordered_set>

#include "core/edge/owned_fd.h"

namespace convoke::launcher {
namespace {

// As much of a /proc file as anything here needs; an environment may be long.
constexpr std::size_t kProcFileMax = std::size_t{256} * 1024;

std::string read_proc_file(pid_t pid, const char* name) {
  const std::string path = "/proc/" + std::to_string(pid) + "/" + name;
  const OwnedFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string content;
  if (!file.is_open()) return content;
  std::array<char, 4096> chunk{};
  while (content.size() < kProcFileMax) {
    const ssize_t size = ::read(file.get(), chunk.data(), chunk.size());
    if (size <= 0) break;
    content.append(chunk.data(), static_cast<std::size_t>(size));
  }
  return content;
}

// Not the time of day: on a busy machine that would count others' turns too.
std::chrono::nanoseconds cpu_time() {
  timespec used{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

struct CloseDir {
  void operator()(DIR* dir) const { ::closedir(dir); }
};

}  // namespace

std::optional<ProcessEntry> read_process(pid_t pid) {
  const std::string stat = read_proc_file(pid, "stat");
  // `pid (name) state parent group session ...`; the name may hold spaces and brackets.
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  ProcessEntry entry;
  entry.key.pid = pid;
  unsigned long long started = 0;
  const int fields = std::sscanf(stat.c_str() + name_end + 1,
                                 " %*c %d %d %d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d "
                                 "%*d %*d %*d %llu",
                                 &entry.parent, &entry.group, &entry.session, &started);
  if (fields != 4) return std::nullopt;
  entry.key.started = started;
  return entry;
}

std::vector<ProcessEntry> read_process_table() {
  std::vector<ProcessEntry> table;
  const std::unique_ptr<DIR, CloseDir> dir(::opendir("/proc"));
  if (dir == nullptr) return table;
  while (const dirent* item = ::readdir(dir.get())) {
    if (std::isdigit(static_cast<unsigned char>(item->d_name[0])) == 0) continue;
    const auto entry = read_process(static_cast<pid_t>(std::atoi(item->d_name)));
    if (entry) table.push_back(*entry);
  }
  return table;
}

std::vector<ProcessKey> with_descendants(const std::vector<ProcessEntry>& table,
                                         const std::function<bool(const ProcessEntry&)>& is_seed) {
  std::unordered_multimap<pid_t, const ProcessEntry*> children;
  std::vector<ProcessKey> found;
  std::unordered_set<pid_t> known;
  for (const ProcessEntry& entry : table) {
    children.emplace(entry.parent, &entry);
    if (is_seed(entry) && known.insert(entry.key.pid).second) found.push_back(entry.key);
  }
  for (std::size_t next = 0; next < found.size(); ++next) {
    const auto range = children.equal_range(found[next].pid);
    for (auto child = range.first; child != range.second; ++child) {
      const ProcessKey key = child->second->key;
      if (known.insert(key.pid).second) found.push_back(key);
    }
  }
  return found;
}

void signal_exactly(const ProcessKey& key, int signal) {
  const OwnedFd process(static_cast<int>(::syscall(SYS_pidfd_open, key.pid, 0)));
  if (!process.is_open()) return;
  const auto now = read_process(key.pid);
  if (!now || now->key.started != key.started) return;
  ::syscall(SYS_pidfd_send_signal, process.get(), signal, nullptr, 0);
}

std::uint64_t memory_peak_kib(pid_t pid) {
  const std::string status = read_proc_file(pid, "status");
  const std::size_t line = status.find("\nVmHWM:");
  if (line == std::string::npos) return 0;
  return std::strtoull(status.c_str() + line + std::strlen("\nVmHWM:"), nullptr, 10);
}

std::unordered_set<std::string> environment_at_start(pid_t pid) {
  const std::string block = read_proc_file(pid, "environ");
  std::unordered_set<std::string> variables;
  for (std::size_t at = 0; at < block.size();) {
    const std::size_t end = std::min(block.find('\0', at), block.size());
    variables.insert(block.substr(at, end - at));
    at = end + 1;
  }
  return variables;
}

const std::vector<ProcessEntry>& ProcessTable::recent() {
  return Clock::now() < stale_at_ ? table_ : fresh();
}

const std::vector<ProcessEntry>& ProcessTable::fresh() {
  const std::chrono::nanoseconds begin = cpu_time();
  table_ = read_process_table();
  const std::chrono::nanoseconds cost = cpu_time() - begin;
  stale_at_ = Clock::now() + std::max<Clock::duration>(kAgeMax, cost * kShare);
  return table_;
}

}  // namespace convoke::launcher
