// Listening sockets: TCP (its port shared by the shards of a process) and Unix sockets.
//
// Accepts a bounded number of connections per turn. When the process is out of descriptors or
// memory it stops accepting for kAcceptPause, so that the loop does not spin on a queue that it
// cannot take from; the kernel keeps the connections meanwhile.
#pragma once

#include <uv.h>

#include <memory>

#include "core/edge/timer_wheel.h"
#include "core/edge/wires.h"
#include "core/loop/handle.h"
#include "core/loop/loop.h"
#include "core/loop/socket_address.h"
#include "core/loop/stream.h"

namespace convoke {

class LoopListener final : public Listener {
 public:
  static constexpr int kBacklog = 1024;       // connections the kernel keeps for us
  static constexpr int kAcceptsPerTurn = 64;  // so that a flood does not hold up the others
  static constexpr Duration kAcceptPause = Millis{100};
  static constexpr Duration kWarningInterval = Seconds{10};  // so that the log is not flooded

  // A Unix socket's file that nobody listens on any more is replaced; one that is in use is an
  // error, as is a file that is no socket.
  [[nodiscard]] static Result<std::unique_ptr<LoopListener>> open(Loop& loop, Corks& corks,
                                                                  const Address& at,
                                                                  AcceptHandler& handler);
  ~LoopListener() override;
  LoopListener(const LoopListener&) = delete;  // libuv holds our address
  LoopListener& operator=(const LoopListener&) = delete;

  [[nodiscard]] Address local_address() const override { return address_; }

 private:
  class Socket {  // a descriptor, and the file of a Unix socket
   public:
    explicit Socket(int descriptor) : descriptor_(descriptor) {}
    ~Socket();
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    [[nodiscard]] int get() const { return descriptor_; }
    void remove_at_close(std::string path) { path_ = std::move(path); }

   private:
    int descriptor_;
    std::string path_;
  };

  LoopListener(Loop& loop, Corks& corks, AcceptHandler& handler);
  [[nodiscard]] Result<void> start(const Address& at);
  [[nodiscard]] int bind_socket(const Address& at, SocketAddress& address);
  void poll();
  void on_readable();
  void pause(int error);

  Loop& loop_;
  Corks& corks_;
  AcceptHandler& handler_;
  Address address_;
  std::unique_ptr<Socket> socket_;
  HandleOwner<uv_poll_t> poll_;
  Instant next_warning_{};
  Timer again_ = timer_for<&LoopListener::poll>(this);
  bool* destroyed_ = nullptr;  // set while callbacks run
};

// Whether nobody else listens there. To be asked once, before the first shard listens: sockets that
// share their port would share it with another engine of the same user as well.
[[nodiscard]] Result<void> ensure_not_in_use(const Address& at);

}  // namespace convoke
