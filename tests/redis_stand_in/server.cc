#include "tests/redis_stand_in/server.h"

#include <algorithm>
#include <string>
#include <utility>

namespace convoke::stand_in {

class Server::Connection final : public WireHandler {
 public:
  Connection(Server& server, std::unique_ptr<Wire> wire) : server_(server), wire_(std::move(wire)) {
    wire_->attach(*this);
    if (server.paused_) wire_->pause_reading();
  }

  // It stays, deaf, until the server sweeps: it may be what calls.
  void close() { wire_.reset(); }
  [[nodiscard]] bool closed() const { return wire_ == nullptr; }
  void pause() {
    if (!closed()) wire_->pause_reading();
  }
  void resume() {
    if (!closed()) wire_->resume_reading();
  }

 private:
  void on_bytes(std::string_view bytes) override {
    requests_.feed(bytes);
    std::string answers;
    while (const auto words = requests_.next()) {
      if (!words->empty() && !server_.execute(session_, *words, answers)) return close();
      if (closed()) return;
    }
    if (requests_.broken()) return close();
    if (!answers.empty()) wire_->write(std::move(answers));
  }
  void on_eof() override { close(); }
  void on_closed(const Error& /*why*/) override { close(); }

  Server& server_;
  std::unique_ptr<Wire> wire_;
  Requests requests_;
  Session session_;
};

Server::Server(Wires& wires, const Clock& clock, ServerOptions options)
    : wires_(wires), clock_(clock), options_(std::move(options)), kept_(options_.loss_max) {
  start();
}

Server::~Server() = default;

void Server::on_accept(std::unique_ptr<Wire> wire) {
  connections_.erase(std::remove_if(connections_.begin(), connections_.end(),
                                    [](const auto& connection) { return connection->closed(); }),
                     connections_.end());
  connections_.push_back(std::make_unique<Connection>(*this, std::move(wire)));
}

// ---- commands ----

bool Server::execute(Session& session, const Words& words, std::string& answers) {
  const std::optional<Loss> loss = loss_of_next();
  if (loss == Loss::kBefore) return false;
  ++executed_;
  append_to(answers, kept_.execute(session, words, clock_.now(), clock_.wall()));
  return !loss;
}

std::optional<Loss> Server::loss_of_next() {
  if (!planned_) return std::nullopt;
  if (planned_->passed-- > 0) return std::nullopt;
  return std::exchange(planned_, std::nullopt)->loss;
}

// ---- faults ----

void Server::lose_connection(Loss loss, std::size_t passed) { planned_ = {loss, passed}; }

void Server::lose_connections() {
  for (const auto& connection : connections_) connection->close();
}

void Server::pause() {
  paused_ = true;
  for (const auto& connection : connections_) connection->pause();
}

void Server::resume() {
  paused_ = false;
  for (const auto& connection : connections_) connection->resume();
}

void Server::crash(Duration lost) {
  listener_.reset();
  lose_connections();
  kept_.crash(clock_.now(), lost);
}

void Server::start() {
  if (serves()) return;
  paused_ = false;
  auto listener = wires_.listen(options_.at, *this);
  ENSURE(listener.ok());
  listener_ = *std::move(listener);
}

}  // namespace convoke::stand_in
