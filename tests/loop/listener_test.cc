#include "core/loop/listener.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "core/loop/socket_address.h"
#include "tests/loop/fixture.h"

namespace convoke {
namespace {

const Address kAnyPort{Address::Kind::kTcp, "127.0.0.1", 0};

// Returns when the kernel has made the connection, whoever accepts it.
OwnedFd connected_to(const Address& at) {
  const auto address = to_socket_address(at);
  OwnedFd client(::socket(address->family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(::connect(client.get(), address->get(), address->size), 0);
  return client;
}

// Neither closed nor reset by the other side.
bool is_silent(const OwnedFd& client) {
  char byte = 0;
  return ::recv(client.get(), &byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

class ListenerTest : public testing::Test {
 protected:
  std::unique_ptr<Listener> listen(const Address& at, AcceptHandler& handler) {
    auto listener = wires_.listen(at, handler);
    EXPECT_TRUE(listener.ok()) << listener.error().message;
    return std::move(listener).value();
  }

  TemporaryDirectory directory_;
  Loop loop_;
  LoopWires wires_{loop_};
  Acceptor acceptor_;
};

TEST_F(ListenerTest, TwoListenersShareOnePortAndEveryConnectionReachesOneOfThem) {
  Acceptor other;
  const auto first = listen(kAnyPort, acceptor_);
  EXPECT_NE(first->local_address().port, 0);
  const auto second = listen(first->local_address(), other);
  EXPECT_EQ(second->local_address().port, first->local_address().port);
  std::vector<std::unique_ptr<End>> clients;
  for (int i = 0; i < 40; ++i) {
    clients.push_back(std::make_unique<End>());
    clients.back()->wire = wires_.connect(first->local_address(), *clients.back());
  }
  turn_until(loop_, [&] { return acceptor_.ends.size() + other.ends.size() == 40; });
  EXPECT_GT(acceptor_.ends.size(), 0U);
  EXPECT_GT(other.ends.size(), 0U);
}

TEST_F(ListenerTest, AnAddressOfAnotherMachineIsAnErrorThatNamesIt) {
  const Address at{Address::Kind::kTcp, "192.0.2.1", 0};
  const auto listener = wires_.listen(at, acceptor_);
  ASSERT_FALSE(listener.ok());
  EXPECT_NE(listener.error().message.find("192.0.2.1"), std::string::npos);
  EXPECT_EQ(loop_.active_handles(), 0U);
}

// ---- ending ----

TEST_F(ListenerTest, HandsOverWhatWaitsBeforeItEnds) {
  auto listener = listen(kAnyPort, acceptor_);
  std::vector<OwnedFd> clients;
  for (int i = 0; i < 3 * LoopListener::kAcceptsPerTurn; ++i) {
    clients.push_back(connected_to(listener->local_address()));
  }
  listener->accept_waiting();
  EXPECT_EQ(acceptor_.ends.size(), clients.size());
  listener.reset();
  for (const OwnedFd& client : clients) EXPECT_TRUE(is_silent(client));
}

TEST_F(ListenerTest, LeavesWhatWaitsToTheNextOneOnItsSocket) {
  auto socket = ListeningSocket::open(kAnyPort);
  ASSERT_TRUE(socket.ok());
  auto listener = wires_.listen(*socket, acceptor_);
  ASSERT_TRUE(listener.ok());
  const OwnedFd client = connected_to((*socket)->address());
  listener = Error{};
  settle(loop_);
  EXPECT_TRUE(acceptor_.ends.empty());
  EXPECT_TRUE(is_silent(client));
  Acceptor later;
  const auto next = wires_.listen(*socket, later);
  ASSERT_TRUE(next.ok());
  turn_until(loop_, [&] { return later.ends.size() == 1; });
}

TEST_F(ListenerTest, TwoLoopsMayAcceptFromOneSocket) {
  auto socket = ListeningSocket::open(kAnyPort);
  ASSERT_TRUE(socket.ok());
  Loop other_loop;
  LoopWires other_wires{other_loop};
  Acceptor other;
  const auto first = wires_.listen(*socket, acceptor_);
  const auto second = other_wires.listen(*socket, other);
  ASSERT_TRUE(first.ok() && second.ok());
  const OwnedFd one = connected_to((*socket)->address());
  turn_until(other_loop, [&] { return other.ends.size() == 1; });
  const OwnedFd two = connected_to((*socket)->address());
  turn_until(loop_, [&] { return acceptor_.ends.size() == 1; });
}

// Takes every descriptor that the process may open, and gives them back.
class NoDescriptorsLeft {
 public:
  explicit NoDescriptorsLeft(std::size_t spare) {
    // A sanitizer needs descriptors when it sees an object for the first time: let it see this one.
    spdlog::set_level(spdlog::level::off);
    spdlog::warn("{} {}", std::string(), "");
    getrlimit(RLIMIT_NOFILE, &before_);
    const int highest = dup(0);
    close(highest);
    rlimit now = before_;
    now.rlim_cur = static_cast<rlim_t>(highest) + 64;
    setrlimit(RLIMIT_NOFILE, &now);
    for (int fd = dup(0); fd >= 0; fd = dup(0)) taken_.push_back(fd);
    give_back(spare);
  }
  ~NoDescriptorsLeft() {
    give_back(taken_.size());
    spdlog::set_level(spdlog::level::info);
    setrlimit(RLIMIT_NOFILE, &before_);
  }
  NoDescriptorsLeft(const NoDescriptorsLeft&) = delete;
  NoDescriptorsLeft& operator=(const NoDescriptorsLeft&) = delete;
  void give_back(std::size_t count) {
    for (; count > 0; --count) {
      close(taken_.back());
      taken_.pop_back();
    }
  }

 private:
  rlimit before_{};
  std::vector<int> taken_;
};

TEST_F(ListenerTest, WithoutDescriptorsItWaitsInsteadOfSpinningAndThenGoesOn) {
  const auto listener = listen(kAnyPort, acceptor_);
  settle(loop_);
  NoDescriptorsLeft hunger(2);  // the client's, and one that libuv keeps in reserve
  End client;
  client.wire = wires_.connect(listener->local_address(), client);
  turn_until(loop_, [&] { return client.has("connected"); });

  struct Bell {
    bool rung = false;
    void ring() { rung = true; }
    Timer timer = timer_for<&Bell::ring>(this);
  } bell;
  loop_.timers().schedule(bell.timer, loop_.now() + 3 * LoopListener::kAcceptPause);
  int turns = 0;
  turn_until(loop_, [&] {
    ++turns;
    return bell.rung;
  });
  EXPECT_LT(turns, 50) << "it spun";
  EXPECT_TRUE(acceptor_.ends.empty());

  hunger.give_back(10);
  turn_until(loop_, [&] { return acceptor_.ends.size() == 1; });
}

}  // namespace
}  // namespace convoke
