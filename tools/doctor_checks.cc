#include "tools/doctor_checks.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>

#include "core/access_keys_desk.h"
#include "core/convoke.h"
#include "tools/serve_options.h"

namespace convoke::cli {
namespace {

namespace fs = std::filesystem;

constexpr rlim_t kOpenFilesWanted = 65'536;             // two for each connection, and then some
constexpr std::uint64_t kStateBytesWanted = 2UL << 30;  // a journal, code and logs, with room
constexpr int kInstancePortsWanted = 300;               // an account's instances
constexpr int kInstancePortMin = 10'000;                // below are the ports of well-known servers
constexpr int kPortMax = 65'535;

std::optional<std::string> find_program(const std::string& name) {
  const char* path = std::getenv("PATH");
  std::istringstream directories(path == nullptr ? "/usr/local/bin:/usr/bin:/bin" : path);
  for (std::string directory; std::getline(directories, directory, ':');) {
    std::string candidate = directory + '/' + name;
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return std::nullopt;
}

// File systems by what they mean for a journal; the rest keep what fdatasync has promised, as far
// as this program knows.
std::optional<std::string> why_not_durable(const std::string& directory) {
  struct statfs64 info {};
  if (::statfs64(directory.c_str(), &info) != 0) return std::nullopt;
  switch (static_cast<unsigned long>(info.f_type)) {
    case TMPFS_MAGIC:
    case RAMFS_MAGIC:
      return "in memory (tmpfs): accepted calls do not outlive a reboot";
    case NFS_SUPER_MAGIC:
    case SMB_SUPER_MAGIC:
      return "on a network file system: slow to sync, and its locks may not hold";
    case OVERLAYFS_SUPER_MAGIC:
      return "on overlayfs: it goes with the container, mount a volume instead";
    default:
      return std::nullopt;
  }
}

// A directory that `serve` would create is judged by the one it would be created in.
fs::path nearest_existing(fs::path path) {
  std::error_code error;
  while (!fs::exists(path, error) && path.has_parent_path() && path != path.parent_path()) {
    path = path.parent_path();
  }
  return path;
}

Health health_of(QueueFinding::Weight weight) {
  switch (weight) {
    case QueueFinding::Weight::kGood:
      return Health::kGood;
    case QueueFinding::Weight::kNote:
      return Health::kNote;
    case QueueFinding::Weight::kFault:
      return Health::kFault;
  }
  return Health::kFault;
}

}  // namespace

Finding check_engine(ApiClient& api) {
  Outcome<ApiReply> reply = api.send({"GET", "/healthz"});
  if (!reply) return {"engine", Health::kFault, reply.failure().message};
  if (!reply->ok()) {
    return {"engine", Health::kFault,
            fmt::format("{} answered {} to /healthz", api.endpoint(), reply->status)};
  }
  return {"engine", Health::kGood, fmt::format("{} is serving", api.endpoint())};
}

Finding check_python() {
  if (const auto python = find_program("python3")) return {"python3", Health::kGood, *python};
  return {"python3", Health::kFault, "not in PATH: functions with runtime python3 will not start"};
}

Finding check_launcher() {
  const std::string launcher = launcher_beside_program();
  if (::access(launcher.c_str(), X_OK) == 0) return {"launcher", Health::kGood, launcher};
  return {"launcher", Health::kFault,
          fmt::format("no executable {}: start serve with --launcher PATH", launcher)};
}

Finding check_state(const std::string& directory) {
  std::error_code error;
  const fs::path wanted = fs::absolute(directory, error).lexically_normal();
  const std::string at = nearest_existing(wanted).string();
  if (::access(at.c_str(), W_OK | X_OK) != 0) {
    return {"state", Health::kFault, fmt::format("{} is not writable for this user", at)};
  }
  if (const auto why = why_not_durable(at)) {
    return {"state", Health::kNote, fmt::format("{} is {}", wanted.string(), *why)};
  }
  const fs::space_info space = fs::space(at, error);
  const bool tight = !error && space.available < kStateBytesWanted;
  return {"state", tight ? Health::kNote : Health::kGood,
          fmt::format("{} is writable, {} MB free", wanted.string(), space.available >> 20)};
}

Finding check_authentication(const std::string& access_keys) {
  if (access_keys.empty()) {
    return {"access keys", Health::kNote,
            "none: requests are not authenticated, so serve listens on loopback alone"};
  }
  const auto read = read_access_keys(access_keys, {});
  if (!read) return {"access keys", Health::kFault, read.error().message};
  return {"access keys", Health::kGood,
          fmt::format("{} in {}, which its owner alone can read", read->keys->size(), access_keys)};
}

std::vector<Finding> check_queue(const QueueAsked& asked) {
  if (asked.queue.empty()) {
    return {{"queue", Health::kGood, "in the state directory, for one engine alone"}};
  }
  EngineOptions options;
  options.queue = asked.queue;
  options.queue_password_file = asked.password_file;
  options.queue_ca_file = asked.ca_file;
  options.queue_certificate_file = asked.certificate_file;
  options.queue_key_file = asked.key_file;
  options.queue_durability = asked.durability;
  options.without_store = asked.without_store;
  const auto seen = Engine::check_queue(options);
  if (!seen) return {{"queue", Health::kFault, seen.error().message}};
  std::vector<Finding> findings;
  for (const QueueFinding& finding : *seen) {
    findings.push_back({"queue", health_of(finding.weight), finding.text});
  }
  return findings;
}

Finding check_open_files() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
    return {"open files", Health::kNote, "limit unknown"};
  if (limit.rlim_cur >= kOpenFilesWanted) {
    return {"open files", Health::kGood, fmt::format("up to {}", limit.rlim_cur)};
  }
  const std::string advice = limit.rlim_max > limit.rlim_cur
                                 ? fmt::format("ulimit -n {} raises it", limit.rlim_max)
                                 : "an administrator can raise it";
  return {"open files", Health::kNote,
          fmt::format("up to {} connections and files in all; {}", limit.rlim_cur, advice)};
}

Finding check_port_range() {
  std::ifstream file("/proc/sys/net/ipv4/ip_local_port_range");
  int first = 0;
  int last = 0;
  if (!(file >> first >> last)) return {"ports", Health::kNote, "ip_local_port_range is unknown"};
  const int room = std::max(first - kInstancePortMin, kPortMax - last);
  if (room >= kInstancePortsWanted) {
    return {"ports", Health::kGood,
            fmt::format("{} for instances, outside ip_local_port_range {}-{}", room, first, last)};
  }
  return {"ports", Health::kFault,
          fmt::format("ip_local_port_range {}-{} leaves instances only {} ports", first, last,
                      std::max(room, 0))};
}

Finding check_sandbox() {
  const bool present = find_program("bwrap").has_value();
  return {"sandbox", Health::kNote,
          fmt::format("functions run as this user, without a sandbox: deploy only code you trust "
                      "(bubblewrap is {}; Convoke does not use it yet)",
                      present ? "installed" : "not installed")};
}

Finding check_allocator() {
  // Asked of the running program, and not of how it was built.
  using IsInHeap = bool (*)(const void*);
  const auto is_in_heap = reinterpret_cast<IsInHeap>(::dlsym(RTLD_DEFAULT, "mi_is_in_heap_region"));
  const auto probe = std::make_unique<std::string>(64, 'x');
  if (is_in_heap != nullptr && is_in_heap(probe.get())) {
    return {"allocator", Health::kGood, "mimalloc"};
  }
  return {"allocator", Health::kNote, "the C library's, not mimalloc: slower under load"};
}

}  // namespace convoke::cli
