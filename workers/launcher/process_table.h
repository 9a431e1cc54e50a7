// What /proc says of processes. Everything here is a look at a moment: a process may end, and its
// number be given to another, right after.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

namespace convoke::launcher {

// A process number alone may be reused; together with its start it is one process for ever.
struct ProcessKey {
  pid_t pid = 0;
  std::uint64_t started = 0;  // clock ticks since boot
};

struct ProcessEntry {
  ProcessKey key;
  pid_t parent = 0;
  pid_t group = 0;
  pid_t session = 0;
};

// All processes of the machine, in no order. Costs about 10 us for each.
[[nodiscard]] std::vector<ProcessEntry> read_process_table();
[[nodiscard]] std::optional<ProcessEntry> read_process(pid_t pid);

// Those that `is_seed` names, and all that descend from them.
[[nodiscard]] std::vector<ProcessKey> with_descendants(
    const std::vector<ProcessEntry>& table,
    const std::function<bool(const ProcessEntry&)>& is_seed);

// To this very process and no other that may have its number by now.
void signal_exactly(const ProcessKey& key, int signal);

// Peak resident size (VmHWM); 0 for one that is gone.
[[nodiscard]] std::uint64_t memory_peak_kib(pid_t pid);

// With which the process began; empty when it is gone or may not be looked into.
[[nodiscard]] std::unordered_set<std::string> environment_at_start(pid_t pid);

// The table, read anew no more often than is worth it.
class ProcessTable {
 public:
  // At most kAgeMax old; or, on a machine with very many processes, kShare times what a reading
  // costs. So readings take a twentieth of a processor at most, however often this is called.
  const std::vector<ProcessEntry>& recent();
  const std::vector<ProcessEntry>& fresh();

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds kAgeMax{10};
  static constexpr int kShare = 20;

  std::vector<ProcessEntry> table_;
  Clock::time_point stale_at_;
};

}  // namespace convoke::launcher
