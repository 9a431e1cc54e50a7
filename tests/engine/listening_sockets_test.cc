#include "core/listening_sockets.h"

#include <gtest/gtest.h>

#include <set>

namespace convoke {
namespace {

const Address kAnyPort{Address::Kind::kTcp, "127.0.0.1", 0};

std::vector<OwnedFd> sockets_at(const Address& at, int count) {
  std::vector<OwnedFd> descriptors;
  std::shared_ptr<ListeningSocket> first;
  for (int i = 0; i < count; ++i) {
    auto socket = ListeningSocket::open(first ? first->address() : at);
    EXPECT_TRUE(socket.ok());
    if (!first) first = *socket;
    descriptors.push_back(*(*socket)->duplicate());
  }
  return descriptors;
}

std::set<int> descriptors_of(const ListeningSockets& sockets, std::uint16_t shards) {
  std::set<int> all;
  for (std::uint16_t shard = 0; shard < shards; ++shard) {
    for (const auto& socket : sockets.of(ShardIndex{shard}, shards))
      all.insert(socket->descriptor());
  }
  return all;
}

TEST(ListeningSockets, AllAreDealtOutAndNoShardHasNone) {
  for (std::size_t shards = 1; shards <= 8; ++shards) {
    for (std::size_t sockets = 1; sockets <= 8; ++sockets) {
      std::multiset<std::size_t> dealt;
      for (std::size_t shard = 0; shard < shards; ++shard) {
        const auto its = sockets_of(shard, shards, sockets);
        EXPECT_FALSE(its.empty());
        dealt.insert(its.begin(), its.end());
      }
      for (std::size_t socket = 0; socket < sockets; ++socket) {
        EXPECT_GE(dealt.count(socket), 1U) << shards << " shards, " << sockets << " sockets";
        EXPECT_TRUE(shards > sockets || dealt.count(socket) == 1) << "no contention without need";
      }
    }
  }
}

TEST(ListeningSockets, AShardThatHasNoneOpensOneOnTheSamePort) {
  const auto sockets = ListeningSockets::open(kAnyPort, sockets_at(kAnyPort, 1), 3);
  ASSERT_TRUE(sockets.ok()) << sockets.error().message;
  EXPECT_EQ(descriptors_of(*sockets, 3).size(), 3U);
  for (std::uint16_t shard = 0; shard < 3; ++shard) {
    EXPECT_EQ(sockets->of(ShardIndex{shard}, 3).at(0)->address().port, sockets->address().port);
  }
}

TEST(ListeningSockets, WithFewerShardsNoneIsClosed) {
  const auto sockets = ListeningSockets::open(kAnyPort, sockets_at(kAnyPort, 4), 1);
  ASSERT_TRUE(sockets.ok()) << sockets.error().message;
  EXPECT_EQ(sockets->of(ShardIndex{0}, 1).size(), 4U);
}

TEST(ListeningSockets, ShardsShareASocketWhosePortCannotBeShared) {
  const Address at{Address::Kind::kUnix, testing::TempDir() + "/convoke-shared.sock", 0};
  const auto sockets = ListeningSockets::open(at, {}, 3);
  ASSERT_TRUE(sockets.ok()) << sockets.error().message;
  EXPECT_EQ(descriptors_of(*sockets, 3).size(), 1U);
}

TEST(ListeningSockets, OnesThatListenElsewhereThanToldAreRefused) {
  const Address told{Address::Kind::kTcp, "127.0.0.1", 1};
  const auto refused = ListeningSockets::open(told, sockets_at(kAnyPort, 1), 1);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("told to listen on 127.0.0.1:1"), std::string::npos);
  EXPECT_FALSE(ListeningSockets::adopt({Address::Kind::kTcp, "::1", 0}, sockets_at(kAnyPort, 1)));
}

TEST(ListeningSockets, APortThatAnotherEngineHasIsNotShared) {
  const auto first = ListeningSockets::open(kAnyPort, {}, 1);
  ASSERT_TRUE(first.ok());
  EXPECT_FALSE(ListeningSockets::open(first->address(), {}, 1).ok());
}

}  // namespace
}  // namespace convoke
