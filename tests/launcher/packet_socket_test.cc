#include "workers/launcher/packet_socket.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <array>
#include <optional>

#include "workers/launcher/protocol.h"

namespace convoke::launcher {
namespace {

using Received = PacketSocket::Received;
using Sent = PacketSocket::Sent;

class PacketSockets : public testing::Test {
 protected:
  PacketSockets() {
    std::array<int, 2> pair{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair.data()), 0);
    here_.emplace(OwnedFd(pair[0]));
    there_.emplace(OwnedFd(pair[1]));
  }
  std::optional<PacketSocket> here_;
  std::optional<PacketSocket> there_;
};

TEST_F(PacketSockets, APeerThatDoesNotReadLosesNothingAndBlocksNobody) {
  constexpr int kPackets = 100;
  for (int i = 0; i < kPackets; ++i) {
    EXPECT_EQ(here_->send({std::string(kMessageMax - 1, 'x') + static_cast<char>(i), {}}),
              Sent::kYes);
  }
  EXPECT_TRUE(here_->has_queued());
  Packet packet;
  for (int i = 0; i < kPackets; ++i) {
    EXPECT_EQ(here_->flush(), Sent::kYes);
    ASSERT_EQ(there_->receive(packet), Received::kPacket);
    EXPECT_EQ(packet.bytes.size(), kMessageMax);
    EXPECT_EQ(packet.bytes.back(), static_cast<char>(i));
  }
  EXPECT_FALSE(here_->has_queued());
  EXPECT_EQ(there_->receive(packet), Received::kNothing);
}

TEST_F(PacketSockets, DescriptorsTravelAndAreClosedHere) {
  Packet sent{"with two", {}};
  sent.descriptors.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  sent.descriptors.emplace_back(::open("/dev/zero", O_RDONLY | O_CLOEXEC));
  const int of_sender = sent.descriptors[0].get();
  ASSERT_EQ(here_->send(std::move(sent)), Sent::kYes);
  EXPECT_EQ(::fcntl(of_sender, F_GETFD), -1);
  Packet packet;
  ASSERT_EQ(there_->receive(packet), Received::kPacket);
  ASSERT_EQ(packet.descriptors.size(), 2U);
  char byte = 'x';
  EXPECT_EQ(::read(packet.descriptors[0].get(), &byte, 1), 0);
  EXPECT_EQ(::read(packet.descriptors[1].get(), &byte, 1), 1);
  EXPECT_EQ(::fcntl(packet.descriptors[1].get(), F_GETFD), FD_CLOEXEC);
}

TEST_F(PacketSockets, SayWhenThePeerHasGone) {
  there_.reset();
  Packet packet;
  EXPECT_EQ(here_->send({"to nobody", {}}), Sent::kClosed);
  EXPECT_EQ(here_->receive(packet), Received::kClosed);
}

TEST_F(PacketSockets, APacketAboveTheLimitClosesTheLink) {
  const std::string huge(kMessageMax + 1, 'x');
  ASSERT_GT(::send(here_->fd(), huge.data(), huge.size(), 0), 0);
  Packet packet;
  EXPECT_EQ(there_->receive(packet), Received::kClosed);
}

}  // namespace
}  // namespace convoke::launcher
