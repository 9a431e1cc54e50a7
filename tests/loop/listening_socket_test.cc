#include "core/loop/listening_socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>

#include "core/loop/socket_address.h"
#include "tests/loop/fixture.h"

namespace convoke {
namespace {

const Address kAnyPort{Address::Kind::kTcp, "127.0.0.1", 0};

TEST(ListeningSocket, APortInUseIsSeenBeforeItIsShared) {
  EXPECT_TRUE(ensure_not_in_use(kAnyPort).ok());
  auto socket = ListeningSocket::open(kAnyPort);
  ASSERT_TRUE(socket.ok());
  const Address taken = (*socket)->address();
  EXPECT_NE(taken.port, 0);
  EXPECT_TRUE((*socket)->shares_port());
  const Result<void> in_use = ensure_not_in_use(taken);
  ASSERT_FALSE(in_use.ok());
  EXPECT_NE(in_use.error().message.find(taken.text()), std::string::npos);
  socket = Error{};
  EXPECT_TRUE(ensure_not_in_use(taken).ok());
}

TEST(ListeningSocket, AStaleUnixSocketIsReplacedALiveOneIsNot) {
  const TemporaryDirectory directory;
  const Address at{Address::Kind::kUnix, directory.path() + "/s", 0};
  {
    const OwnedFd dead(::socket(AF_UNIX, SOCK_STREAM, 0));
    auto address = to_socket_address(at);
    ASSERT_TRUE(address.ok());
    ASSERT_EQ(::bind(dead.get(), address->get(), address->size), 0);
  }
  auto socket = ListeningSocket::open(at);
  ASSERT_TRUE(socket.ok()) << socket.error().message;
  EXPECT_EQ((*socket)->address().host, at.host);
  EXPECT_FALSE((*socket)->shares_port());
  EXPECT_FALSE(ListeningSocket::open(at).ok());
  EXPECT_FALSE(ensure_not_in_use(at).ok());
  socket = Error{};
  EXPECT_FALSE(std::filesystem::exists(at.host)) << "the file goes with the socket";
}

TEST(ListeningSocket, TheFileOfAUnixSocketStaysForWhoeverHoldsTheSocketToo) {
  const TemporaryDirectory directory;
  const Address at{Address::Kind::kUnix, directory.path() + "/s", 0};
  auto socket = ListeningSocket::open(at);
  ASSERT_TRUE(socket.ok());
  auto copy = (*socket)->duplicate();
  ASSERT_TRUE(copy.ok());
  (*socket)->leave_file();
  socket = Error{};
  EXPECT_TRUE(std::filesystem::exists(at.host));
  EXPECT_FALSE(ensure_not_in_use(at).ok()) << "it still listens";
}

TEST(ListeningSocket, AFileThatIsNoSocketIsLeftAlone) {
  const TemporaryDirectory directory;
  const Address at{Address::Kind::kUnix, directory.path() + "/precious", 0};
  std::ofstream(at.host) << "data";
  EXPECT_FALSE(ListeningSocket::open(at).ok());
  EXPECT_TRUE(std::filesystem::exists(at.host));
}

TEST(ListeningSocket, AnAdoptedOneListensWhereItDidAndPassesNoExec) {
  auto socket = ListeningSocket::open(kAnyPort);
  ASSERT_TRUE(socket.ok());
  const Address at = (*socket)->address();
  OwnedFd handed_over(::dup((*socket)->descriptor()));  // without close-on-exec
  socket = Error{};
  auto adopted = ListeningSocket::adopt(std::move(handed_over));
  ASSERT_TRUE(adopted.ok()) << adopted.error().message;
  EXPECT_EQ((*adopted)->address().text(), at.text());
  EXPECT_TRUE((*adopted)->shares_port());
  EXPECT_NE(::fcntl((*adopted)->descriptor(), F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_NE(::fcntl((*adopted)->descriptor(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_FALSE(ensure_not_in_use(at).ok());
}

TEST(ListeningSocket, WhatDoesNotListenIsRefusedByItsNumber) {
  const TemporaryDirectory directory;
  const auto refused = [](int descriptor) {
    const auto adopted = ListeningSocket::adopt(OwnedFd(descriptor));
    return !adopted.ok() && adopted.error().message.find(
                                "descriptor " + std::to_string(descriptor)) != std::string::npos;
  };
  EXPECT_TRUE(refused(-1));
  EXPECT_TRUE(refused(::open(directory.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)));
  EXPECT_TRUE(refused(::socket(AF_INET, SOCK_STREAM, 0)));
  EXPECT_TRUE(refused(::socket(AF_INET, SOCK_DGRAM, 0)));
  EXPECT_TRUE(refused(::socket(AF_NETLINK, SOCK_RAW, 0)));
}

}  // namespace
}  // namespace convoke
