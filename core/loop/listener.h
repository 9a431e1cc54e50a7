// Accepts from a listening socket, on a loop.
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
#include "core/loop/listening_socket.h"
#include "core/loop/loop.h"
#include "core/loop/stream.h"

namespace convoke {

class LoopListener final : public Listener {
 public:
  static constexpr int kAcceptsPerTurn = 64;  // so that a flood does not hold up the others
  static constexpr Duration kAcceptPause = Millis{100};
  static constexpr Duration kWarningInterval = Seconds{10};  // so that the log is not flooded

  // Several, on as many loops, may accept from one socket.
  [[nodiscard]] static Result<std::unique_ptr<LoopListener>> on(
      Loop& loop, Corks& corks, std::shared_ptr<ListeningSocket> socket, AcceptHandler& handler);
  ~LoopListener() override;
  LoopListener(const LoopListener&) = delete;  // libuv holds our address
  LoopListener& operator=(const LoopListener&) = delete;

  [[nodiscard]] Address local_address() const override { return socket_->address(); }
  void accept_waiting() override;

 private:
  LoopListener(Loop& loop, Corks& corks, std::shared_ptr<ListeningSocket> socket,
               AcceptHandler& handler);
  void poll();
  void accept_up_to(int connections);
  void pause(int error);

  Loop& loop_;
  Corks& corks_;
  AcceptHandler& handler_;
  std::shared_ptr<ListeningSocket> socket_;
  HandleOwner<uv_poll_t> poll_;
  Instant next_warning_{};
  Timer again_ = timer_for<&LoopListener::poll>(this);
  bool* destroyed_ = nullptr;  // set while callbacks run
};

}  // namespace convoke
