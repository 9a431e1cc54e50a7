#include "workers/launcher/launcher.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <optional>
#include <utility>
#include <variant>

#include "workers/launcher/child.h"

namespace convoke::launcher {
namespace {

constexpr int kEndRoundMs = 10;  // between two rounds of killing, unless a child ends before

short awaited(const PacketSocket& link) { return link.has_queued() ? POLLOUT : POLLIN; }

void drain_signals(const OwnedFd& signals) {
  std::array<signalfd_siginfo, 16> taken;
  while (::read(signals.get(), taken.data(), sizeof taken) > 0) {
  }
}

// A child that has ended and is not reaped; 0 if there is none.
pid_t ended_child() {
  siginfo_t info{};
  if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0) return 0;
  return info.si_pid;
}

}  // namespace

Launcher::Launcher(std::vector<OwnedFd> shard_sockets, OwnedFd child_signals)
    : child_signals_(std::move(child_signals)) {
  for (OwnedFd& socket : shard_sockets) {
    links_.push_back(std::make_unique<PacketSocket>(std::move(socket)));
  }
}

void Launcher::run() {
  const auto is_open = [](const auto& link) { return link != nullptr; };
  while (std::any_of(links_.begin(), links_.end(), is_open)) turn();
  end_everything();
}

void Launcher::turn() {
  std::vector<pollfd> polled{{child_signals_.get(), POLLIN, 0}};
  for (const auto& link : links_) {
    polled.push_back(link ? pollfd{link->fd(), awaited(*link), 0} : pollfd{-1, 0, 0});
  }
  for (const auto& [first, group] : groups_.all()) {
    if (group.start_outcome.is_open()) polled.push_back({group.start_outcome.get(), POLLIN, 0});
  }
  if (::poll(polled.data(), polled.size(), -1) < 0) return;

  for (std::size_t shard = 0; shard < links_.size(); ++shard)
    serve(shard, polled[shard + 1].revents);
  for (auto& [first, group] : groups_.all()) settle_start(group);
  if (polled[0].revents != 0) reap();
  close_lost_links();
}

void Launcher::serve(std::size_t shard, short events) {
  if (events == 0) return;
  PacketSocket& link = *links_[shard];
  if (link.has_queued() && link.flush() == PacketSocket::Sent::kClosed) lost_.push_back(shard);
  for (int i = 0; i < kPacketsPerTurn && !link.has_queued(); ++i) {
    const auto received = link.receive(packet_);
    if (received == PacketSocket::Received::kNothing) return;
    if (received == PacketSocket::Received::kClosed) {
      lost_.push_back(shard);
      return;
    }
    handle(shard, packet_);
  }
}

void Launcher::handle(std::size_t shard, Packet& packet) {
  const std::optional<Request> request = decode_request(packet.bytes);
  if (!request) {
    lost_.push_back(shard);
    return;
  }
  const GroupName name{shard, request->token};
  std::visit([&](const auto& what) { act(name, what, packet); }, request->what);
}

void Launcher::act(const GroupName& name, const Spawn& what, Packet& packet) {
  if (packet.descriptors.size() != kDescriptorsPerMessage) {
    // Cut off by the kernel: this process may not open that many.
    reply(name, SpawnFailed{EMFILE, Step::kSetup});
    return;
  }
  if (groups_.size() >= Groups::kGroupsMax) {
    reply(name, SpawnFailed{EAGAIN, Step::kFork});
    return;
  }
  auto started = start_child(what.request, packet.descriptors[0], packet.descriptors[1]);
  packet.descriptors.clear();
  if (const auto* failed = std::get_if<SpawnFailed>(&started)) {
    reply(name, *failed);
    return;
  }
  auto& child = std::get<StartedChild>(started);
  Group group;
  group.name = name;
  group.first = child.pid;
  group.environment = what.request.environment;
  group.start_outcome = std::move(child.outcome);
  groups_.add(std::move(group));
}

void Launcher::act(const GroupName& name, const Signal& what, Packet& /*packet*/) {
  if (const Group* group = groups_.find(name)) groups_.signal(*group, what.signal);
}

void Launcher::act(const GroupName& name, const LookForListener& what, Packet& /*packet*/) {
  if (Group* group = groups_.find(name)) reply(name, groups_.look_for_listener(*group, what.port));
}

void Launcher::act(const GroupName& name, const SampleMemory& /*what*/, Packet& /*packet*/) {
  if (Group* group = groups_.find(name)) reply(name, Memory{groups_.memory_peak_kib(*group)});
}

void Launcher::act(const GroupName& name, const Kill& /*what*/, Packet& /*packet*/) {
  Group* group = groups_.find(name);
  if (group == nullptr) return;
  group->wanted = false;
  groups_.kill(*group);
}

template <class What>
void Launcher::reply(const GroupName& name, What what) {
  if (!links_[name.shard]) return;
  Packet packet;
  packet.bytes = encode(Reply{name.token, std::move(what)});
  if (links_[name.shard]->send(std::move(packet)) == PacketSocket::Sent::kClosed) {
    lost_.push_back(name.shard);
  }
}

void Launcher::settle_start(Group& group) {
  if (!group.start_outcome.is_open()) return;
  SpawnFailed failure;
  const StartOutcome outcome = outcome_of_start(group.start_outcome, failure);
  if (outcome == StartOutcome::kUnknownYet) return;
  group.start_outcome.reset();
  if (!group.wanted) return;
  if (outcome == StartOutcome::kRuns) {
    reply(group.name, Spawned{group.first});
  } else {
    reply(group.name, failure);
    group.wanted = false;
  }
}

// Children are looked at before they are reaped: until then nobody else can have their number.
void Launcher::reap() {
  drain_signals(child_signals_);
  std::optional<std::vector<ProcessEntry>> table;
  while (const pid_t pid = ended_child()) {
    Group* group = groups_.find_by_first(pid);
    if (group == nullptr) {
      ::waitpid(pid, nullptr, 0);
      continue;
    }
    if (!table) table = groups_.table().fresh();
    groups_.kill_rest(*group, *table);
    reap_first(*group);
  }
}

void Launcher::reap_first(Group& group) {
  settle_start(group);
  int status = 0;
  ::waitpid(group.first, &status, 0);
  Exited exited;
  if (WIFSIGNALED(status)) {
    exited.signal = WTERMSIG(status);
  } else {
    exited.code = WEXITSTATUS(status);
  }
  if (group.wanted) reply(group.name, exited);
  groups_.remove(group.first);
}

void Launcher::close_lost_links() {
  for (const std::size_t shard : std::exchange(lost_, {})) {
    links_[shard].reset();
    for (auto& [first, group] : groups_.all()) {
      if (group.name.shard != shard || !group.wanted) continue;
      group.wanted = false;
      groups_.kill(group);
    }
  }
}

// As a subreaper, the launcher is the parent of each descendant that lost its own; so when it has
// no child, it has no descendant.
void Launcher::end_everything() {
  for (;;) {
    const auto is_child = [](const ProcessEntry& entry) { return entry.parent == ::getpid(); };
    for (const ProcessKey& key : with_descendants(groups_.table().fresh(), is_child)) {
      signal_exactly(key, SIGKILL);
    }
    pollfd ended{child_signals_.get(), POLLIN, 0};
    ::poll(&ended, 1, kEndRoundMs);
    drain_signals(child_signals_);
    pid_t reaped = 0;
    do {
      reaped = ::waitpid(-1, nullptr, WNOHANG);
    } while (reaped > 0);
    if (reaped < 0 && errno == ECHILD) return;
  }
}

}  // namespace convoke::launcher
