#include "core/loop/listener.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>

#include "tests/loop/fixture.h"

namespace convoke {
namespace {

const Address kAnyPort{Address::Kind::kTcp, "127.0.0.1", 0};

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

TEST_F(ListenerTest, APortInUseIsSeenBeforeItIsShared) {
  EXPECT_TRUE(ensure_not_in_use(kAnyPort).ok());
  auto listener = listen(kAnyPort, acceptor_);
  const Address taken = listener->local_address();
  const Result<void> in_use = ensure_not_in_use(taken);
  ASSERT_FALSE(in_use.ok());
  EXPECT_NE(in_use.error().message.find(taken.text()), std::string::npos);
  listener.reset();
  EXPECT_TRUE(ensure_not_in_use(taken).ok());
}

TEST_F(ListenerTest, AStaleUnixSocketIsReplacedALiveOneIsNot) {
  const Address at{Address::Kind::kUnix, directory_.path() + "/s", 0};
  {
    const int dead = socket(AF_UNIX, SOCK_STREAM, 0);
    auto address = to_socket_address(at);
    ASSERT_TRUE(address.ok());
    ASSERT_EQ(bind(dead, address->get(), address->size), 0);
    close(dead);
  }
  auto listener = listen(at, acceptor_);
  ASSERT_NE(listener, nullptr);
  EXPECT_EQ(listener->local_address().host, at.host);
  EXPECT_FALSE(wires_.listen(at, acceptor_).ok());
  EXPECT_FALSE(ensure_not_in_use(at).ok());
  listener.reset();
  EXPECT_FALSE(std::filesystem::exists(at.host)) << "the file goes with the listener";
}

TEST_F(ListenerTest, AFileThatIsNoSocketIsLeftAlone) {
  const Address at{Address::Kind::kUnix, directory_.path() + "/precious", 0};
  std::ofstream(at.host) << "data";
  EXPECT_FALSE(wires_.listen(at, acceptor_).ok());
  EXPECT_TRUE(std::filesystem::exists(at.host));
}

TEST_F(ListenerTest, AnAddressOfAnotherMachineIsAnErrorThatNamesIt) {
  const Address at{Address::Kind::kTcp, "192.0.2.1", 0};
  const auto listener = wires_.listen(at, acceptor_);
  ASSERT_FALSE(listener.ok());
  EXPECT_NE(listener.error().message.find("192.0.2.1"), std::string::npos);
  EXPECT_EQ(loop_.active_handles(), 0U);
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
