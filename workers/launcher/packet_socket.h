// One end of a SOCK_SEQPACKET socket pair: whole packets, with descriptors, never blocking.
//
// Threads: belongs to one. Descriptors handed to send() are closed here once they have been sent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "core/edge/owned_fd.h"

namespace convoke::launcher {

struct Packet {
  std::string bytes;
  std::vector<OwnedFd> descriptors;
};

class PacketSocket {
 public:
  enum class Received : std::uint8_t {
    kPacket,
    kNothing,  // nothing there now
    kClosed,   // the peer has gone, or it sent a packet above kMessageMax
  };
  enum class Sent : std::uint8_t {
    kYes,     // sent, or queued here until there is room
    kClosed,  // the peer has gone
  };

  explicit PacketSocket(OwnedFd socket);

  [[nodiscard]] int fd() const { return socket_.get(); }
  [[nodiscard]] Received receive(Packet& packet);
  // In order. The queue here has no limit of its own: who sends holds only so many requests open.
  [[nodiscard]] Sent send(Packet packet);
  [[nodiscard]] Sent flush();  // when the socket has become writable
  [[nodiscard]] bool has_queued() const { return !queued_.empty(); }

 private:
  enum class Step : std::uint8_t { kSent, kFull, kClosed };
  [[nodiscard]] Step send_now(const Packet& packet) const;

  OwnedFd socket_;
  std::unique_ptr<char[]> received_;  // kMessageMax bytes: what a packet is received into
  std::deque<Packet> queued_;
};

}  // namespace convoke::launcher
