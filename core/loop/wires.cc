#include "core/loop/wires.h"

#include <utility>

#include "core/loop/listener.h"
#include "core/loop/name_lookup.h"

namespace convoke {

std::unique_ptr<Lookup> LoopWires::look_up(const std::string& host, std::uint16_t port,
                                           Found found) {
  return std::make_unique<NameLookup>(loop_, host, port, std::move(found));
}

std::unique_ptr<Wire> LoopWires::connect(const Address& to, WireHandler& handler) {
  return Stream::connect(loop_, corks_, to, handler);
}

Result<std::unique_ptr<Listener>> LoopWires::listen(const Address& at, AcceptHandler& handler) {
  auto socket = ListeningSocket::open(at);
  if (!socket) return std::move(socket).error();
  return listen(std::move(socket).value(), handler);
}

Result<std::unique_ptr<Listener>> LoopWires::listen(std::shared_ptr<ListeningSocket> socket,
                                                    AcceptHandler& handler) {
  auto listener = LoopListener::on(loop_, corks_, std::move(socket), handler);
  if (!listener) return std::move(listener).error();
  return std::unique_ptr<Listener>(std::move(listener).value());
}

}  // namespace convoke
