// A socket that listens, apart from whoever accepts from it.
//
// The connections that wait to be accepted belong to the socket: closing it resets them. So it is
// held by everybody who accepts from it and by whoever may hand it over, and is closed when the
// last of them lets go.
//
// Threads: any, once it is made.
#pragma once

#include <memory>

#include "core/edge/owned_fd.h"
#include "core/edge/wires.h"
#include "core/model/error.h"

namespace convoke {

class ListeningSocket {
 public:
  static constexpr int kBacklog = 1024;  // connections the kernel keeps for us

  // TCP: the port can be shared with other sockets of this user (SO_REUSEPORT). A Unix socket's
  // file that nobody listens on any more is replaced; one that is in use is an error, as is a file
  // that is no socket.
  [[nodiscard]] static Result<std::shared_ptr<ListeningSocket>> open(const Address& at);
  // One that somebody else has opened. InvalidArgument: it is no stream socket that listens.
  [[nodiscard]] static Result<std::shared_ptr<ListeningSocket>> adopt(OwnedFd descriptor);
  ~ListeningSocket();
  ListeningSocket(const ListeningSocket&) = delete;
  ListeningSocket& operator=(const ListeningSocket&) = delete;

  [[nodiscard]] int descriptor() const { return descriptor_.get(); }
  [[nodiscard]] const Address& address() const { return address_; }  // with the port that was given
  // Whether open(address()) makes another one beside it.
  [[nodiscard]] bool shares_port() const;
  // Another descriptor of the same socket, which keeps it open; closed by exec.
  [[nodiscard]] Result<OwnedFd> duplicate() const;
  // It is somebody else's as well: a Unix socket's file stays when we let go.
  void leave_file() { own_file_ = false; }

 private:
  ListeningSocket(OwnedFd descriptor, Address address)
      : descriptor_(std::move(descriptor)), address_(std::move(address)) {}

  OwnedFd descriptor_;
  Address address_;
  bool own_file_ = false;  // a Unix socket's: removed with us
};

// Whether nobody else listens there. To be asked once, before the first socket of a process is
// opened: sockets that share their port would share it with another engine of the same user too.
[[nodiscard]] Result<void> ensure_not_in_use(const Address& at);

}  // namespace convoke
