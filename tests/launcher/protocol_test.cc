#include "workers/launcher/protocol.h"

#include <gtest/gtest.h>

#include <variant>

namespace convoke::launcher {
namespace {

const SpawnRequest kRequest{{"/code/bootstrap", "", "a b"}, {"A=1", "B="}, "/code"};

std::vector<std::string> all_requests() {
  return {encode(Request{1, Spawn{kRequest}}), encode(Request{2, Signal{15}}),
          encode(Request{3, LookForListener{9000}}), encode(Request{4, SampleMemory{}}),
          encode(Request{5, Kill{}})};
}

std::vector<std::string> all_replies() {
  return {encode(Reply{1, Spawned{42}}), encode(Reply{2, SpawnFailed{13, Step::kExec}}),
          encode(Reply{3, Listener{80, ListenerReport::Owner::kGroup, {80, 9000}, 1 << 20}}),
          encode(Reply{4, Memory{77}}), encode(Reply{5, Exited{0, 9}})};
}

TEST(LauncherProtocol, ASpawnArrivesAsItWasSent) {
  const auto request = decode_request(encode(Request{~0ULL, Spawn{kRequest}}));
  ASSERT_TRUE(request);
  EXPECT_EQ(request->token, ~0ULL);
  const auto& spawn = std::get<Spawn>(request->what);
  EXPECT_EQ(spawn.request.argv, kRequest.argv);
  EXPECT_EQ(spawn.request.environment, kRequest.environment);
  EXPECT_EQ(spawn.request.working_directory, kRequest.working_directory);
}

TEST(LauncherProtocol, EachKindArrivesAsItself) {
  std::uint64_t token = 0;
  for (const std::string& packet : all_requests()) {
    const auto request = decode_request(packet);
    ASSERT_TRUE(request);
    EXPECT_EQ(request->token, ++token);
    EXPECT_EQ(request->what.index(), token - 1);
    EXPECT_FALSE(decode_reply(packet));
  }
  token = 0;
  for (const std::string& packet : all_replies()) {
    const auto reply = decode_reply(packet);
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->token, ++token);
    EXPECT_EQ(reply->what.index(), token - 1);
    EXPECT_FALSE(decode_request(packet));
  }
}

TEST(LauncherProtocol, AListenerReportArrivesWhole) {
  const auto reply = decode_reply(all_replies()[2]);
  const auto& listener = std::get<Listener>(reply->what);
  EXPECT_EQ(listener.port, 80);
  EXPECT_EQ(listener.owner, ListenerReport::Owner::kGroup);
  EXPECT_EQ(listener.group_ports, (std::vector<std::uint16_t>{80, 9000}));
  EXPECT_EQ(listener.memory_peak_kib, 1U << 20);
}

TEST(LauncherProtocol, NoPacketWithABytesLessOrMoreIsTaken) {
  for (const std::string& packet : all_requests()) {
    for (std::size_t size = 0; size < packet.size(); ++size) {
      EXPECT_FALSE(decode_request(packet.substr(0, size)));
    }
    EXPECT_FALSE(decode_request(packet + '\0'));
  }
  for (const std::string& packet : all_replies()) {
    for (std::size_t size = 0; size < packet.size(); ++size) {
      EXPECT_FALSE(decode_reply(packet.substr(0, size)));
    }
    EXPECT_FALSE(decode_reply(packet + '\0'));
  }
}

TEST(LauncherProtocol, NonsenseIsRefused) {
  const std::string zero("\0", 1);
  EXPECT_FALSE(decode_request(encode(Request{1, Spawn{{{"a" + zero}, {}, "/"}}})));
  EXPECT_FALSE(decode_request(encode(Request{1, Spawn{{{}, {}, "/"}}})));
  std::string packet = encode(Request{1, Kill{}});
  for (const std::size_t at : {0U, 1U, 2U, 4U}) {  // version, kind, and what must be zero
    std::string changed = packet;
    changed[at] = '\x7f';
    EXPECT_FALSE(decode_request(changed)) << at;
  }
  for (const std::int32_t pid : {-1, 0, 1})
    EXPECT_FALSE(decode_reply(encode(Reply{1, Spawned{pid}})));
  std::string huge_count = encode(Request{1, Spawn{kRequest}});
  for (std::size_t i = 16; i < 20; ++i) huge_count[i] = '\xff';
  EXPECT_FALSE(decode_request(huge_count));
}

}  // namespace
}  // namespace convoke::launcher
