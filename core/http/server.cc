#include "core/http/server.h"

#include <utility>
#include <vector>

#include "core/http/connection.h"

namespace convoke::http {

struct Server::Implementation final : ConnectionHost {
  struct Slot {
    std::unique_ptr<ServerConnection> connection;
    std::uint32_t generation = 0;
  };

  Implementation(Wires& its_wires, TimerWheel& its_wheel, const Clock& its_clock,
                 const ServerLimits& its_limits, Handler& its_handler)
      : ConnectionHost(its_wheel, its_clock, its_limits, its_handler), wires(its_wires) {}

  // The connection may be on the stack: it is freed when the wheel next turns.
  void gone(std::uint32_t slot) override {
    gone_connections.push_back(std::move(slots[slot].connection));
    free_slots.push_back(slot);
    --connections;
    wheel.schedule(sweep_timer, clock.now());
  }
  void sweep() { gone_connections.clear(); }

  ServerConnection* find(const ExchangeId& exchange) {
    if (exchange.connection >= slots.size()) return nullptr;
    ServerConnection* connection = slots[exchange.connection].connection.get();
    return connection != nullptr && connection->awaits(exchange) ? connection : nullptr;
  }

  void accept(std::unique_ptr<Wire> wire) {
    if (draining || connections >= limits.connections_max) return;  // closes it
    if (free_slots.empty()) {
      free_slots.push_back(static_cast<std::uint32_t>(slots.size()));
      slots.emplace_back();
    }
    const std::uint32_t slot = free_slots.back();
    free_slots.pop_back();
    ++connections;
    slots[slot].connection =
        std::make_unique<ServerConnection>(*this, std::move(wire), slot, ++slots[slot].generation);
  }

  void drain(Unaccepted unaccepted) {
    if (unaccepted == Unaccepted::kAnswer) {
      for (const auto& listener : listeners) listener->accept_waiting();
    }
    draining = true;
    listeners.clear();
    for (std::size_t i = 0; i < slots.size(); ++i) {
      if (slots[i].connection) slots[i].connection->drain();
    }
  }

  Wires& wires;
  std::size_t connections = 0;
  std::vector<std::unique_ptr<ServerConnection>> gone_connections;
  Timer sweep_timer = timer_for<&Implementation::sweep>(this);
  std::vector<std::uint32_t> free_slots;
  std::vector<Slot> slots;
  Address address;
  std::vector<std::unique_ptr<Listener>> listeners;
};

Server::Server(Wires& wires, TimerWheel& wheel, const Clock& clock, const ServerLimits& limits,
               Handler& handler)
    : implementation_(std::make_unique<Implementation>(wires, wheel, clock, limits, handler)) {}

Server::~Server() = default;

Result<void> Server::listen(const Address& at) {
  auto listener = implementation_->wires.listen(at, *this);
  if (!listener) return listener.error();
  listen(*std::move(listener));
  return {};
}

void Server::listen(std::unique_ptr<Listener> listener) {
  auto& listeners = implementation_->listeners;
  if (listeners.empty()) implementation_->address = listener->local_address();
  listeners.push_back(std::move(listener));
}

Address Server::local_address() const { return implementation_->address; }

void Server::on_accept(std::unique_ptr<Wire> wire) { implementation_->accept(std::move(wire)); }

void Server::respond(ExchangeId exchange, Response response) {
  if (auto* connection = implementation_->find(exchange)) connection->respond(std::move(response));
}

void Server::begin_stream(ExchangeId exchange, Response head) {
  if (auto* connection = implementation_->find(exchange)) connection->begin_stream(std::move(head));
}

bool Server::stream(ExchangeId exchange, std::string_view bytes) {
  auto* connection = implementation_->find(exchange);
  return connection == nullptr || connection->stream(bytes);
}

void Server::end_stream(ExchangeId exchange) {
  if (auto* connection = implementation_->find(exchange)) connection->end_stream();
}

void Server::drain(Unaccepted unaccepted) { implementation_->drain(unaccepted); }

std::size_t Server::connections() const { return implementation_->connections; }

std::size_t Server::exchanges_open() const { return implementation_->exchanges; }

}  // namespace convoke::http
