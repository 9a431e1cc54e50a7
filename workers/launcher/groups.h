// The processes that the launcher has started, each with all that came from it.
//
// Of a group are: the first process; its session and process group; what descends from it; what was
// of it when last looked at (though its parents have gone); and an orphan whose environment holds
// all that the request gave this process and no other. So a daemon that leaves its session and
// loses its parents is still found, unless it hides its environment too: such a one lives until the
// launcher ends, which kills all that is left.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "core/edge/owned_fd.h"
#include "workers/launcher/process_table.h"
#include "workers/launcher/protocol.h"

namespace convoke::launcher {

// Who asked for it, and by which name.
struct GroupName {
  std::size_t shard = 0;
  std::uint64_t token = 0;
  friend bool operator<(const GroupName& one, const GroupName& other) {
    return std::tie(one.shard, one.token) < std::tie(other.shard, other.token);
  }
};

struct Group {
  GroupName name;
  pid_t first = 0;
  std::vector<std::string> environment;
  OwnedFd start_outcome;         // open until it is known whether the program runs
  bool wanted = true;            // the shard has not had its last message
  std::vector<ProcessKey> seen;  // all of it, when last looked at
};

class Groups {
 public:
  // Far above the account's limit of 300 instances; a fork bomb by way of the engine ends here.
  static constexpr std::size_t kGroupsMax = 4096;

  void add(Group group);
  void remove(pid_t first);
  [[nodiscard]] Group* find(const GroupName& name);
  [[nodiscard]] Group* find_by_first(pid_t first);
  [[nodiscard]] std::map<pid_t, Group>& all() { return by_first_; }
  [[nodiscard]] std::size_t size() const { return by_first_.size(); }

  [[nodiscard]] Listener look_for_listener(Group& group, std::uint16_t port);
  [[nodiscard]] std::uint64_t memory_peak_kib(Group& group);
  void signal(const Group& group, int signal) const;  // the process group
  void kill(Group& group);                            // all of it
  // All of it, while the first process has ended and not been reaped (so that its number, which is
  // the process group's too, cannot be another's). The table is as of after that end.
  void kill_rest(Group& group, const std::vector<ProcessEntry>& table);

  [[nodiscard]] ProcessTable& table() { return table_; }

 private:
  const std::vector<ProcessKey>& members(Group& group, const std::vector<ProcessEntry>& table);
  [[nodiscard]] bool is_orphan_of(const Group& group, const ProcessEntry& entry) const;
  [[nodiscard]] Listener judge(Group& group, std::uint16_t port,
                               const std::vector<ProcessEntry>& table);

  std::map<pid_t, Group> by_first_;
  std::map<GroupName, pid_t> firsts_;
  ProcessTable table_;
};

}  // namespace convoke::launcher
