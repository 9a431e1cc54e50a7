// A cluster whose nodes are played by the test, byte by byte, in virtual time.
#include "queue/redis/cluster.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "tests/queue/redis/fake_server.h"

namespace convoke::redis {
namespace {

constexpr std::uint16_t kA = 7001;
constexpr std::uint16_t kB = 7002;
constexpr std::uint16_t kC = 7003;
// In the lower half of the slots, and in the upper one.
constexpr const char* kLow = "bar";
constexpr const char* kHigh = "foo";
constexpr Slot kHighSlot = 12182;

std::string encoded(const Command& command) {
  std::string bytes;
  command.append_to(bytes);
  return bytes;
}
const std::string kSlotsAsked = encoded(Command("CLUSTER").arg("SLOTS"));
const std::string kAsking = encoded(Command("ASKING"));
std::string get(const std::string& key, const std::string& name) {
  return encoded(Command("GET").arg(key).arg(name));
}

std::string range(std::size_t first, std::size_t last, std::uint16_t port) {
  const std::string number = std::to_string(port);
  return "*3\r\n:" + std::to_string(first) + "\r\n:" + std::to_string(last) +
         "\r\n*3\r\n$9\r\n127.0.0.1\r\n:" + number + "\r\n$2\r\nid\r\n";
}
std::string halves(std::uint16_t low, std::uint16_t high) {
  return "*2\r\n" + range(0, 8191, low) + range(8192, 16383, high);
}
std::string moved(Slot slot, std::uint16_t port) {
  return "-MOVED " + std::to_string(slot) + " 127.0.0.1:" + std::to_string(port) + "\r\n";
}
std::string ask(Slot slot, std::uint16_t port) {
  return "-ASK " + std::to_string(slot) + " 127.0.0.1:" + std::to_string(port) + "\r\n";
}

struct ClusterOwner : Owner {
  void on_server(Connection& server) override {
    introduced.push_back(server.target().address.port);
    if (greets) server.send(Command("HELLO"), [](const Answer&) {});
  }
  void on_gone(const Connection& server) override { gone.push_back(server.target().address.port); }
  std::vector<std::uint16_t> introduced;
  std::vector<std::uint16_t> gone;
  bool greets = false;
};

class RedisCluster : public testing::Test {
 protected:
  void connect(const PipelineLimits& limits = {}) {
    LinkOptions seed;
    seed.target.address = {Address::Kind::kTcp, "127.0.0.1", kA};
    cluster_ = std::make_unique<Cluster>(server_.world(), seed, limits, FakeServer::rng(), owner_);
  }
  void make_ready(const PipelineLimits& limits = {}) {
    connect(limits);
    welcome(kA);
    turn();
    ASSERT_EQ(peer(kA).take_received(), kSlotsAsked);
    peer(kA).send(halves(kA, kB));
    welcome(kB);
    ASSERT_TRUE(cluster_->ready());
    settle_map();
  }
  // The last connection that was made there.
  [[nodiscard]] bool dialled(std::uint16_t port) {
    return std::any_of(server_.network.peers.begin(), server_.network.peers.end(),
                       [port](const auto& one) { return one->to().port == port; });
  }
  fake::Peer& peer(std::uint16_t port) {
    const auto& peers = server_.network.peers;
    const auto found = std::find_if(peers.rbegin(), peers.rend(),
                                    [port](const auto& one) { return one->to().port == port; });
    ENSURE(found != peers.rend());
    return **found;
  }
  void welcome(std::uint16_t port) {
    peer(port).accept_connection();
    EXPECT_EQ(peer(port).take_received(), "*1\r\n$4\r\nPING\r\n");
    peer(port).send("+PONG\r\n");
  }
  void forget(std::uint16_t port) { (void)peer(port).take_received(); }
  void send(const std::string& key, const std::string& name) {
    cluster_->send(Command("GET").arg(key).arg(name), heard_.as(name));
  }
  // What was sent leaves, and what is due comes.
  void turn() {
    if (cluster_) cluster_->flush();
    server_.network.flush();
    server_.time.turn();
    server_.network.flush();
  }
  void pass(Duration time) {
    server_.time.pass(time);
    turn();
  }
  // As a node with such a map that answers each GET with its name.
  void serve(std::uint16_t port, const std::string& map) {
    ReplyReader commands(ReplyLimits{});  // they look like replies
    commands.feed(peer(port).take_received());
    while (commands.advance() == ReplyReader::Step::kReply) {
      const std::string name(commands.reply()[0].text());
      const std::string value(commands.reply()[2].text());
      peer(port).send(name == "CLUSTER" ? map : "+" + value + "\r\n");
    }
  }
  // Any reading of the map that is still due is done, by whoever is asked.
  void settle_map(std::uint16_t low = kA, std::uint16_t high = kB) {
    pass(2 * kMapEvery);
    for (const std::uint16_t port : {kA, kB, kC}) {
      if (!dialled(port) || peer(port).gone()) continue;
      if (peer(port).received() == kSlotsAsked) peer(port).send(halves(low, high));
      forget(port);
    }
  }

  FakeServer server_;
  ClusterOwner owner_;
  Heard heard_;
  std::unique_ptr<Cluster> cluster_;
};

TEST_F(RedisCluster, IsReadyWhenEveryMasterOfItsMapIs) {
  connect();
  EXPECT_FALSE(cluster_->ready());
  welcome(kA);
  turn();
  EXPECT_EQ(peer(kA).take_received(), kSlotsAsked);
  EXPECT_FALSE(dialled(kB));
  peer(kA).send(halves(kA, kB));
  EXPECT_FALSE(cluster_->ready());
  welcome(kB);
  EXPECT_TRUE(cluster_->ready());
  EXPECT_EQ(owner_.ready, 1);
  EXPECT_EQ(owner_.introduced, (std::vector<std::uint16_t>{kA, kB}));
  EXPECT_TRUE(owner_.troubles.empty());
}

TEST_F(RedisCluster, OfWhichNobodyHasSomeSlotsIsNotReadyAndSaysSo) {
  connect();
  welcome(kA);
  turn();
  peer(kA).send("*1\r\n" + range(0, 16382, kA));
  ASSERT_EQ(owner_.troubles.size(), 1U);
  EXPECT_NE(owner_.troubles[0].find("nobody has 1 of its 16384 slots"), std::string::npos);
  forget(kA);
  pass(Seconds{1});
  EXPECT_EQ(peer(kA).take_received(), kSlotsAsked) << "it is asked again";
  peer(kA).send("*1\r\n" + range(0, 16383, kA));
  EXPECT_TRUE(cluster_->ready());
}

TEST_F(RedisCluster, OneThatIsNoneSaysWhy) {
  connect();
  welcome(kA);
  turn();
  peer(kA).send("-ERR This instance has cluster support disabled\r\n");
  ASSERT_EQ(owner_.troubles.size(), 1U);
  EXPECT_NE(owner_.troubles[0].find("cluster support disabled"), std::string::npos);
  EXPECT_NE(owner_.troubles[0].find("127.0.0.1:7001"), std::string::npos);
}

TEST_F(RedisCluster, SendsEachCommandToTheMasterOfItsSlot) {
  make_ready();
  send(kLow, "low");
  send(kHigh, "high");
  turn();
  EXPECT_EQ(peer(kA).take_received(), get(kLow, "low"));
  EXPECT_EQ(peer(kB).take_received(), get(kHigh, "high"));
  peer(kB).send("+2\r\n");
  peer(kA).send("+1\r\n");
  EXPECT_EQ(heard_.take(), "high=2 low=1");
  EXPECT_TRUE(cluster_->idle());
}

TEST_F(RedisCluster, AMovedCommandGoesWhereItIsSentAndSoDoThoseAfterIt) {
  make_ready();
  send(kHigh, "one");
  turn();
  forget(kB);
  peer(kB).send(moved(kHighSlot, kA));
  send(kHigh, "two");
  turn();
  EXPECT_EQ(peer(kA).take_received(), get(kHigh, "one") + get(kHigh, "two"));
  peer(kA).send("+1\r\n+2\r\n");
  EXPECT_EQ(heard_.take(), "one=1 two=2");
  pass(2 * kMapEvery);
  EXPECT_EQ(peer(kA).take_received() + peer(kB).take_received(), kSlotsAsked) << "read once";
}

TEST_F(RedisCluster, AnAskedCommandGoesThereOnceBehindAsking) {
  make_ready();
  send(kHigh, "one");
  turn();
  forget(kB);
  peer(kB).send(ask(kHighSlot, kA));
  turn();
  EXPECT_EQ(peer(kA).take_received(), kAsking + get(kHigh, "one"));
  peer(kA).send("+OK\r\n+1\r\n");
  EXPECT_EQ(heard_.take(), "one=1");
  send(kHigh, "two");
  turn();
  EXPECT_EQ(peer(kB).take_received(), get(kHigh, "two")) << "the slot is where it was";
}

TEST_F(RedisCluster, ACommandThatIsForLaterGoesAgainAfterAPauseAndOthersOfItsSlotBehindIt) {
  make_ready();
  for (const char* const error : {"-TRYAGAIN Multiple keys\r\n", "-CLUSTERDOWN it is down\r\n"}) {
    send(kHigh, "one");
    turn();
    forget(kB);
    peer(kB).send(error);
    send(kHigh, "two");
    send(kLow, "low");
    turn();
    EXPECT_EQ(peer(kB).take_received(), "");
    EXPECT_EQ(peer(kA).take_received(), get(kLow, "low")) << "other slots go on";
    peer(kA).send("+3\r\n");
    pass(kTryAgainFirst);
    serve(kA, halves(kA, kB));
    serve(kB, halves(kA, kB));
    EXPECT_EQ(heard_.take(), "low=3 one=one two=two");
    settle_map();
  }
}

TEST_F(RedisCluster, ACommandIsSentSoOftenAndNoMore) {
  make_ready();
  send(kHigh, "one");
  for (unsigned tries = 1; tries <= kTriesMax; ++tries) {
    pass(kTryAgainMax);
    ASSERT_EQ(peer(kB).take_received(), get(kHigh, "one")) << tries;
    ASSERT_EQ(heard_.take(), "");
    peer(kB).send("-TRYAGAIN\r\n");
  }
  EXPECT_EQ(heard_.take(), "one=TRYAGAIN");
  EXPECT_TRUE(cluster_->idle());
}

TEST_F(RedisCluster, TwoThatSendACommandToEachOtherAreAskedWithPausesAndNotForEver) {
  make_ready();
  send(kHigh, "one");
  turn();
  unsigned sent = 0;
  for (int i = 0; i < 200 && !cluster_->idle(); ++i) {
    for (const auto& [port, other] : {std::pair{kA, kB}, {kB, kA}}) {
      const std::string received = peer(port).take_received();
      if (received.starts_with(kSlotsAsked)) peer(port).send(halves(kA, kB));
      if (received.find("one") != std::string::npos) {
        ++sent;
        peer(port).send(moved(kHighSlot, other));
      }
      if (received.find(kSlotsAsked, 1) != std::string::npos) peer(port).send(halves(kA, kB));
    }
    turn();
    if (sent >= kTriesAtOnce) pass(kTryAgainMax);
  }
  EXPECT_EQ(sent, kTriesMax);
  EXPECT_TRUE(heard_.take().starts_with("one=MOVED 12182 127.0.0.1:"));
}

// So of one slot answers are told in the order in which the commands were executed.
TEST_F(RedisCluster, OfOneSlotNothingGoesElsewhereBeforeAllThatWentBeforeIsAnswered) {
  make_ready();
  send(kHigh, "one");
  send(kHigh, "two");
  turn();
  EXPECT_EQ(peer(kB).take_received(), get(kHigh, "one") + get(kHigh, "two"));
  peer(kB).send(ask(kHighSlot, kA));  // the first's key is there no more; the second's still is
  send(kHigh, "three");
  turn();
  EXPECT_EQ(peer(kA).take_received(), "");
  EXPECT_EQ(peer(kB).take_received(), "");
  peer(kB).send("+2\r\n");
  turn();
  EXPECT_EQ(peer(kA).take_received(), kAsking + get(kHigh, "one"));
  EXPECT_EQ(peer(kB).take_received(), "");
  peer(kA).send("+OK\r\n+1\r\n");
  turn();
  EXPECT_EQ(peer(kB).take_received(), get(kHigh, "three"));
  peer(kB).send("+3\r\n");
  EXPECT_EQ(heard_.take(), "two=2 one=1 three=3");
}

TEST_F(RedisCluster, CommandsThatAreMovedTogetherKeepTheirOrder) {
  make_ready();
  for (const char* const name : {"one", "two", "three"}) send(kHigh, name);
  turn();
  forget(kB);
  peer(kB).send(moved(kHighSlot, kA) + moved(kHighSlot, kA));
  send(kHigh, "four");
  peer(kB).send(moved(kHighSlot, kA));
  turn();
  EXPECT_EQ(peer(kA).take_received(),
            get(kHigh, "one") + get(kHigh, "two") + get(kHigh, "three") + get(kHigh, "four"));
}

TEST_F(RedisCluster, ARedirectionThatCannotBeFollowedIsTheAnswer) {
  make_ready();
  for (const char* const error : {"MOVED 1 127.0.0.1:7001", "MOVED 12182 somewhere:1", "ASK x"}) {
    send(kHigh, "one");
    turn();
    peer(kB).send(std::string("-") + error + "\r\n");
    EXPECT_EQ(heard_.take(), std::string("one=") + error);
  }
}

TEST_F(RedisCluster, WithoutAMasterItIsNotReadyAndWhatWaitsIsToldThatItWasNotSent) {
  make_ready();
  send(kHigh, "sent");
  send(kLow, "low");
  turn();
  send(kHigh, "tried");
  turn();
  forget(kA);
  peer(kA).send("-TRYAGAIN\r\n");
  peer(kB).reset();
  EXPECT_FALSE(cluster_->ready());
  ASSERT_EQ(owner_.troubles.size(), 1U);
  EXPECT_NE(owner_.troubles[0].find("127.0.0.1:7002"), std::string::npos);
  send(kLow, "late");
  turn();
  turn();
  EXPECT_EQ(heard_.take(), "low:not sent late:not sent sent:lost tried:lost");
  serve(kA, halves(kA, kB));
  EXPECT_TRUE(cluster_->idle());
}

TEST_F(RedisCluster, AMasterThatIsBackMakesItReadyAgain) {
  make_ready();
  peer(kB).reset();
  pass(kBackOffFirst);
  welcome(kB);
  EXPECT_TRUE(cluster_->ready());
  EXPECT_EQ(owner_.ready, 2);
  EXPECT_EQ(owner_.introduced, (std::vector<std::uint16_t>{kA, kB, kB}));
}

TEST_F(RedisCluster, WhoHasTakenALostMastersPlaceIsFoundThroughAnother) {
  make_ready();
  peer(kB).reset();
  pass(2 * kMapEvery);
  ASSERT_EQ(peer(kA).take_received(), kSlotsAsked);
  peer(kA).send(halves(kA, kC));
  welcome(kC);
  EXPECT_TRUE(cluster_->ready());
  EXPECT_TRUE(peer(kB).gone());
  send(kHigh, "one");
  turn();
  EXPECT_EQ(peer(kC).take_received(), get(kHigh, "one"));
}

TEST_F(RedisCluster, ANewMasterIsWaitedForAndIntroducedBeforeAnythingIsSentThere) {
  make_ready();
  owner_.greets = true;
  send(kHigh, "one");
  turn();
  peer(kB).send(moved(kHighSlot, kC));
  send(kHigh, "two");
  turn();
  EXPECT_TRUE(cluster_->ready());
  welcome(kC);
  turn();
  EXPECT_EQ(peer(kC).take_received(),
            encoded(Command("HELLO")) + get(kHigh, "one") + get(kHigh, "two"));
  EXPECT_TRUE(owner_.troubles.empty());
}

TEST_F(RedisCluster, ANewMasterThatCannotBeReachedIsATrouble) {
  make_ready();
  send(kHigh, "one");
  turn();
  peer(kB).send(moved(kHighSlot, kC));
  peer(kC).reset("ECONNREFUSED");
  EXPECT_FALSE(cluster_->ready());
  EXPECT_EQ(owner_.troubles.size(), 1U);
  turn();
  EXPECT_EQ(heard_.take(), "one:not sent");
}

TEST_F(RedisCluster, OneThatACommandWasOnceSentToAndThatIsGoneIsNoTrouble) {
  make_ready();
  send(kHigh, "one");
  turn();
  forget(kB);
  peer(kB).send(ask(kHighSlot, kC));
  peer(kC).reset("ECONNREFUSED");
  turn();
  EXPECT_TRUE(cluster_->ready());
  EXPECT_EQ(peer(kB).take_received(), get(kHigh, "one")) << "who has the slot says where, again";
}

TEST_F(RedisCluster, AMasterWithoutSlotsIsLetGoAndTheOwnerIsTold) {
  make_ready();
  send(kHigh, "one");
  turn();
  forget(kB);
  peer(kB).send(moved(kHighSlot, kA));
  pass(2 * kMapEvery);
  serve(kA, halves(kA, kA));
  serve(kB, halves(kA, kA));
  EXPECT_EQ(heard_.take(), "one=one");
  EXPECT_TRUE(peer(kB).gone());
  EXPECT_EQ(owner_.gone, std::vector<std::uint16_t>{kB});
}

TEST_F(RedisCluster, TakesNoMoreThanItsLimits) {
  PipelineLimits limits;
  limits.commands_max = 2;
  make_ready(limits);
  send(kHigh, "one");
  send(kHigh, "two");
  EXPECT_TRUE(cluster_->full());
  send(kLow, "three");
  turn();
  EXPECT_EQ(heard_.take(), "three:not sent");
  peer(kB).send("-TRYAGAIN\r\n-TRYAGAIN\r\n");
  EXPECT_TRUE(cluster_->full()) << "those that wait count";
  pass(2 * kTryAgainMax);
  peer(kB).send("+1\r\n+2\r\n");
  EXPECT_FALSE(cluster_->full());
}

TEST_F(RedisCluster, MayBeDestroyedByAnyCallback) {
  const auto destroy = [this](const Answer&) { cluster_.reset(); };
  make_ready();
  cluster_->send(Command("GET").arg(kHigh), destroy);
  send(kHigh, "dropped");
  turn();
  peer(kB).send("+1\r\n+2\r\n");
  EXPECT_EQ(cluster_, nullptr);
  make_ready();
  owner_.then = [this] { cluster_.reset(); };
  peer(kB).reset();
  EXPECT_EQ(cluster_, nullptr);
  owner_.then = nullptr;
  make_ready();
  peer(kB).reset();
  cluster_->send(Command("GET").arg(kHigh), destroy);
  send(kHigh, "dropped");
  turn();
  EXPECT_EQ(cluster_, nullptr);
  connect();
  welcome(kA);
  turn();
  owner_.then = [this] { cluster_.reset(); };
  peer(kA).send("*0\r\n");
  EXPECT_EQ(cluster_, nullptr);
  turn();
  EXPECT_EQ(heard_.take(), "");
}

TEST_F(RedisCluster, SaysWhereAServerIsThatIsThere) {
  make_ready();
  EXPECT_EQ(cluster_->address().port, kA);
  peer(kA).reset();
  EXPECT_EQ(cluster_->address().port, kB);
}

TEST(PauseBeforeRetry, DoublesToItsMaximumAndIsNeverLessThanHalfOfIt) {
  Rng rng = Rng::seeded(3);
  Millis whole = kTryAgainFirst;
  for (unsigned tries = 0; tries <= kTriesMax; ++tries) {
    const Millis pause = pause_before_retry(tries, rng);
    EXPECT_LE(pause, whole) << tries;
    EXPECT_GE(2 * pause + Millis{1}, whole) << tries;
    if (tries > 0) whole = std::min(2 * whole, kTryAgainMax);
  }
}

}  // namespace
}  // namespace convoke::redis
