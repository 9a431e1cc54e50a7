#include "tests/redis_stand_in/server.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

namespace convoke::stand_in {
namespace {

// What a server answers that is loading its data still.
bool needs_no_data(const std::string& name) {
  static const std::set<std::string> kNames = {"auth", "select", "client", "subscribe", "publish"};
  return kNames.count(name) > 0;
}

}  // namespace

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

  [[nodiscard]] Session& session() { return session_; }
  // Appends a confirmation for each channel.
  void subscribe(const Words& words, std::string& answers) {
    for (std::size_t i = 1; i < words.size(); ++i) {
      channels_.insert(words[i]);
      append_to(answers, array({bulk("subscribe"), bulk(words[i]), count(channels_.size())}));
    }
  }
  [[nodiscard]] bool subscribed() const { return !channels_.empty(); }
  bool hear(const std::string& channel, const std::string& message) {
    if (closed() || channels_.count(channel) == 0) return false;
    std::string bytes;
    append_to(bytes, array({bulk("message"), bulk(channel), bulk(message)}));
    wire_->write(std::move(bytes));
    return true;
  }

 private:
  void on_bytes(std::string_view bytes) override {
    requests_.feed(bytes);
    std::string answers;
    while (const auto words = requests_.next()) {
      if (!words->empty() && !server_.execute(*this, *words, answers)) return close();
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
  std::set<std::string> channels_;
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

bool Server::execute(Connection& from, const Words& words, std::string& answers) {
  const std::optional<Loss> loss = loss_of_next();
  if (loss == Loss::kBefore) return false;
  ++executed_;
  if (is_option(words[0], "subscribe") && words.size() > 1) {
    from.subscribe(words, answers);
  } else {
    append_to(answers, answer(from, words));
  }
  return !loss;
}

Value Server::answer(Connection& from, const Words& words) {
  const std::string name = in_lower_case(words[0]);
  if (loading_ && !needs_no_data(name)) {
    return error("LOADING Redis is loading the dataset in memory");
  }
  if (from.subscribed()) {
    if (name == "ping") return array({bulk("pong"), bulk("")});
    return error("ERR Can't execute '" + name + "': the connection is subscribed");
  }
  if (name == "publish" && words.size() == 3) return publish(words[1], words[2]);
  return answer_on_data(from, words);
}

Value Server::answer_on_data(Connection& from, const Words& words) {
  Session& session = from.session();
  const bool watched = watcher_ != nullptr;
  if (watched && session.transaction) return answer_watched(session, words);
  if (watched) watcher_->before(commands().data(session.db), words);
  Value answer = kept_.execute(session, words, clock_.now(), clock_.wall());
  if (watched) watcher_->after(commands().data(session.db), words, answer);
  for (const auto& [channel, message] : commands().take_published()) {
    static_cast<void>(publish(channel, message));
  }
  return answer;
}

// Of a transaction: all that it holds, when it is executed.
Value Server::answer_watched(Session& session, const Words& words) {
  const std::vector<Words> those =
      is_option(words[0], "exec") ? *session.transaction : std::vector<Words>{};
  for (const Words& one : those) watcher_->before(commands().data(session.db), one);
  Value answer = kept_.execute(session, words, clock_.now(), clock_.wall());
  for (std::size_t i = 0; i < those.size() && !answer.is_error(); ++i) {
    watcher_->after(commands().data(session.db), those[i], answer.elements[i]);
  }
  return answer;
}

Value Server::publish(const std::string& channel, const std::string& message) {
  std::size_t heard = 0;
  for (const auto& connection : connections_) {
    if (connection->hear(channel, message)) ++heard;
  }
  return count(heard);
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

void Server::set_memory(Memory memory) {
  ENSURE(options_.loss_max == Duration{0});
  commands().set_memory(memory);
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
