#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>

#include "core/edge/owned_fd.h"
#include "tests/launcher/world.h"

namespace convoke {
namespace {

using Owner = ListenerReport::Owner;

class LookForListener : public LauncherTest {
 protected:
  ListenerReport look(Process& process, Recorder& heard, std::uint16_t port) {
    heard.listener.reset();
    process.look_for_listener(port);
    EXPECT_TRUE(world_.run_until([&] { return heard.listener.has_value(); }));
    return heard.listener.value_or(ListenerReport{});
  }
  // Starts it and waits for the port that it says it listens on.
  std::unique_ptr<Process> start(const char* act, Recorder& heard, std::uint16_t& port) {
    auto process = world_.spawn_child(act, heard);
    EXPECT_TRUE(world_.run_until([&] { return heard.has_line(); }));
    port = static_cast<std::uint16_t>(heard.number());
    return process;
  }
};

struct OwnListener {
  OwnListener() : socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    port = ntohs(address.sin_port);
  }
  void listen() { EXPECT_EQ(::listen(socket.get(), 1), 0); }
  OwnedFd socket;
  std::uint16_t port = 0;
};

TEST_F(LookForListener, FindsTheGroupsOwnInAnyOfItsProcesses) {
  for (const char* act : {"listen", "listen6", "daemon_listens"}) {
    Recorder heard;
    std::uint16_t port = 0;
    const auto process = start(act, heard, port);
    const ListenerReport report = look(*process, heard, port);
    EXPECT_EQ(report.owner, Owner::kGroup) << act;
    EXPECT_EQ(report.group_ports, std::vector<std::uint16_t>{port}) << act;
    EXPECT_GT(report.memory_peak_mb, 0) << act;
  }
}

TEST_F(LookForListener, TellsAStranger) {
  OwnListener stranger;
  Recorder heard;
  const auto process = world_.spawn_child("wait", heard);
  EXPECT_EQ(look(*process, heard, stranger.port).owner, Owner::kNobody);  // bound only
  stranger.listen();
  const ListenerReport report = look(*process, heard, stranger.port);
  EXPECT_EQ(report.owner, Owner::kStranger);
  EXPECT_TRUE(report.group_ports.empty());
}

TEST_F(LookForListener, AnotherInstanceIsAStranger) {
  Recorder one;
  Recorder two;
  std::uint16_t port = 0;
  std::uint16_t other = 0;
  const auto first = start("listen", one, port);
  const auto second = start("listen", two, other);
  EXPECT_EQ(look(*first, one, other).owner, Owner::kStranger);
  EXPECT_EQ(look(*second, two, port).owner, Owner::kStranger);
}

TEST_F(LookForListener, NamesThePortThatTheGroupUsesInstead) {
  OwnListener silent;
  Recorder heard;
  std::uint16_t port = 0;
  const auto process = start("listen", heard, port);
  const ListenerReport report = look(*process, heard, silent.port);
  EXPECT_EQ(report.owner, Owner::kNobody);
  EXPECT_EQ(report.group_ports, std::vector<std::uint16_t>{port});
}

TEST_F(LookForListener, AskedAgainForAnotherPortAnswersForThatOne) {
  OwnListener stranger;
  stranger.listen();
  Recorder heard;
  std::uint16_t port = 0;
  const auto process = start("listen", heard, port);
  process->look_for_listener(stranger.port);
  EXPECT_EQ(look(*process, heard, port).owner, Owner::kGroup);
}

TEST_F(LookForListener, FindsAListenerThatAppearsWhileItLooks) {
  Recorder heard;
  const auto process = world_.spawn_child("listen", heard);
  ASSERT_TRUE(world_.run_until([&] {
    if (heard.listener && heard.listener->group_ports.empty()) heard.listener.reset();
    if (!heard.listener) process->look_for_listener(1);
    return heard.listener.has_value() && heard.has_line();
  }));
  EXPECT_EQ(heard.listener->group_ports[0], heard.number());
}

}  // namespace
}  // namespace convoke
