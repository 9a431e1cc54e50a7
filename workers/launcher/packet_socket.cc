#include "workers/launcher/packet_socket.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/model/error.h"
#include "workers/launcher/protocol.h"

namespace convoke::launcher {
namespace {

constexpr std::size_t kControlSize = CMSG_SPACE(kDescriptorsPerMessage * sizeof(int));

struct Control {
  alignas(cmsghdr) std::array<char, kControlSize> bytes{};
};

std::vector<OwnedFd> take_descriptors(msghdr& message) {
  std::vector<OwnedFd> taken;
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
       part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(part) + i * sizeof fd, sizeof fd);
      taken.emplace_back(fd);
    }
  }
  return taken;
}

void put_descriptors(msghdr& message, Control& control, const std::vector<OwnedFd>& descriptors) {
  if (descriptors.empty()) return;
  ENSURE(descriptors.size() <= kDescriptorsPerMessage);
  std::array<int, kDescriptorsPerMessage> fds{};
  std::transform(descriptors.begin(), descriptors.end(), fds.begin(),
                 [](const OwnedFd& one) { return one.get(); });
  const std::size_t size = descriptors.size() * sizeof(int);
  auto* part = reinterpret_cast<cmsghdr*>(control.bytes.data());
  part->cmsg_level = SOL_SOCKET;
  part->cmsg_type = SCM_RIGHTS;
  part->cmsg_len = CMSG_LEN(size);
  std::memcpy(control.bytes.data() + CMSG_LEN(0), fds.data(), size);
  message.msg_control = control.bytes.data();
  message.msg_controllen = CMSG_SPACE(size);
}

}  // namespace

PacketSocket::PacketSocket(OwnedFd socket)
    : socket_(std::move(socket)), received_(new char[kMessageMax]) {}

PacketSocket::Received PacketSocket::receive(Packet& packet) {
  packet.descriptors.clear();
  iovec part{received_.get(), kMessageMax};
  Control control;
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes.data();
  message.msg_controllen = control.bytes.size();
  ssize_t size = -1;
  do {
    size = ::recvmsg(socket_.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  } while (size < 0 && errno == EINTR);
  if (size < 0) return errno == EAGAIN ? Received::kNothing : Received::kClosed;
  packet.descriptors = take_descriptors(message);
  if (size == 0 || (message.msg_flags & MSG_TRUNC) != 0) return Received::kClosed;
  packet.bytes.assign(received_.get(), static_cast<std::size_t>(size));
  return Received::kPacket;
}

PacketSocket::Sent PacketSocket::send(Packet packet) {
  queued_.push_back(std::move(packet));
  return queued_.size() == 1 ? flush() : Sent::kYes;
}

PacketSocket::Sent PacketSocket::flush() {
  while (!queued_.empty()) {
    const Step step = send_now(queued_.front());
    if (step == Step::kFull) return Sent::kYes;
    if (step == Step::kClosed) return Sent::kClosed;
    queued_.pop_front();
  }
  return Sent::kYes;
}

// ETOOMANYREFS: too many descriptors are under way and not yet received. Taken as a full buffer:
// the peer, which does little else than receive, will make room.
PacketSocket::Step PacketSocket::send_now(const Packet& packet) const {
  iovec part{const_cast<char*>(packet.bytes.data()), packet.bytes.size()};
  Control control;
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  put_descriptors(message, control, packet.descriptors);
  ssize_t size = -1;
  do {
    size = ::sendmsg(socket_.get(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  } while (size < 0 && errno == EINTR);
  if (size >= 0) return Step::kSent;
  const bool full = errno == EAGAIN || errno == ENOBUFS || errno == ETOOMANYREFS;
  return full ? Step::kFull : Step::kClosed;
}

}  // namespace convoke::launcher
