// Wires over libuv: one per loop. Every Wire and Listener made here goes before the Loop does.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/edge/wires.h"
#include "core/loop/listening_socket.h"
#include "core/loop/loop.h"
#include "core/loop/stream.h"

namespace convoke {

class LoopWires final : public Wires {
 public:
  explicit LoopWires(Loop& loop) : loop_(loop), corks_(Corks::on(loop)) {}

  [[nodiscard]] std::unique_ptr<Lookup> look_up(const std::string& host, std::uint16_t port,
                                                Found found) override;
  [[nodiscard]] std::unique_ptr<Wire> connect(const Address& to, WireHandler& handler) override;
  [[nodiscard]] Result<std::unique_ptr<Listener>> listen(const Address& at,
                                                         AcceptHandler& handler) override;
  // On a socket that is there already, and that others may hold too.
  [[nodiscard]] Result<std::unique_ptr<Listener>> listen(std::shared_ptr<ListeningSocket> socket,
                                                         AcceptHandler& handler);

 private:
  Loop& loop_;
  Corks& corks_;
};

}  // namespace convoke
