#include "workers/launcher/groups.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <set>
#include <unordered_set>
#include <utility>

#include "workers/launcher/listeners.h"

namespace convoke::launcher {
namespace {

bool holds_all(const std::unordered_set<std::string>& there,
               const std::vector<std::string>& variables) {
  return !variables.empty() &&
         std::all_of(variables.begin(), variables.end(),
                     [&there](const std::string& variable) { return there.count(variable) != 0; });
}

bool was_seen(const Group& group, const ProcessKey& key) {
  return std::any_of(group.seen.begin(), group.seen.end(), [&key](const ProcessKey& seen) {
    return seen.pid == key.pid && seen.started == key.started;
  });
}

}  // namespace

void Groups::add(Group group) {
  const pid_t first = group.first;
  firsts_.emplace(group.name, first);
  by_first_.emplace(first, std::move(group));
}

void Groups::remove(pid_t first) {
  const auto found = by_first_.find(first);
  if (found == by_first_.end()) return;
  firsts_.erase(found->second.name);
  by_first_.erase(found);
}

Group* Groups::find(const GroupName& name) {
  const auto found = firsts_.find(name);
  return found == firsts_.end() ? nullptr : find_by_first(found->second);
}

Group* Groups::find_by_first(pid_t first) {
  const auto found = by_first_.find(first);
  return found == by_first_.end() ? nullptr : &found->second;
}

const std::vector<ProcessKey>& Groups::members(Group& group,
                                               const std::vector<ProcessEntry>& table) {
  group.seen = with_descendants(table, [this, &group](const ProcessEntry& entry) {
    return entry.key.pid == group.first || entry.session == group.first ||
           entry.group == group.first || was_seen(group, entry.key) || is_orphan_of(group, entry);
  });
  return group.seen;
}

// An orphan's parent is the launcher, as that of a first process is.
bool Groups::is_orphan_of(const Group& group, const ProcessEntry& entry) const {
  if (entry.parent != ::getpid() || by_first_.count(entry.session) != 0) return false;
  const auto environment = environment_at_start(entry.key.pid);
  if (!holds_all(environment, group.environment)) return false;
  return std::none_of(by_first_.begin(), by_first_.end(), [&](const auto& other) {
    return other.first != group.first && holds_all(environment, other.second.environment);
  });
}

Listener Groups::look_for_listener(Group& group, std::uint16_t port) {
  Listener report = judge(group, port, table_.recent());
  // It may be a child of the group that is younger than the table.
  if (report.owner == ListenerReport::Owner::kStranger) report = judge(group, port, table_.fresh());
  return report;
}

// kGroup only if each listener that a connection might reach is of the group: two processes can
// share a port, and the kernel would deal the connections out among them.
Listener Groups::judge(Group& group, std::uint16_t port, const std::vector<ProcessEntry>& table) {
  Listener report;
  report.port = port;
  std::unordered_set<std::uint64_t> inodes;
  const auto sockets = listening_sockets(group.first);
  for (const ProcessKey& member : members(group, table)) {
    if (!sockets.empty()) add_socket_inodes(member.pid, inodes);
    report.memory_peak_kib += launcher::memory_peak_kib(member.pid);
  }
  std::set<std::uint16_t> ports;
  for (const ListeningSocket& socket : sockets) {
    const bool ours = inodes.count(socket.inode) != 0;
    if (ours && ports.size() < kListenerPortsMax) ports.insert(socket.port);
    if (socket.port != port || !socket.on_loopback) continue;
    if (!ours) report.owner = ListenerReport::Owner::kStranger;
    if (ours && report.owner == ListenerReport::Owner::kNobody) {
      report.owner = ListenerReport::Owner::kGroup;
    }
  }
  report.group_ports.assign(ports.begin(), ports.end());
  return report;
}

std::uint64_t Groups::memory_peak_kib(Group& group) {
  std::uint64_t sum = 0;
  for (const ProcessKey& member : members(group, table_.recent())) {
    sum += launcher::memory_peak_kib(member.pid);
  }
  return sum;
}

// Between fork and setsid there is no such process group yet, only the child.
void Groups::signal(const Group& group, int signal) const {
  if (::kill(-group.first, signal) != 0 && errno == ESRCH) ::kill(group.first, signal);
}

void Groups::kill(Group& group) {
  const auto& table = table_.recent();
  signal(group, SIGKILL);
  for (const ProcessKey& member : members(group, table)) signal_exactly(member, SIGKILL);
}

void Groups::kill_rest(Group& group, const std::vector<ProcessEntry>& table) {
  signal(group, SIGKILL);
  for (const ProcessKey& member : members(group, table)) signal_exactly(member, SIGKILL);
}

}  // namespace convoke::launcher
