#include "tests/sim/shared/network.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace convoke::sim::shared {
namespace {

constexpr Duration kLatencyLeast = std::chrono::microseconds{20};
constexpr Duration kLatencyMost = std::chrono::microseconds{400};
constexpr Seconds kSlowMax{60};
constexpr std::size_t kWindow = 64 * 1024;  // bytes on their way, or not read

enum Side : std::uint8_t { kClient, kServer };
constexpr Side other(Side side) { return side == kClient ? kServer : kClient; }

Error ended(const char* why) { return Error{ErrorCode::kInternalServerError, why}; }

}  // namespace

// ---- a connection ----

class Network::Connection final : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Stage& stage, Rng rng, TurnIn turn_in)
      : stage_(stage), rng_(rng), turn_in_(std::move(turn_in)) {}

  void attach(Side side, End& end) { sides_[side].end = &end; }
  void detach(Side side);
  [[nodiscard]] bool has(Side side) const { return sides_[side].end != nullptr; }
  [[nodiscard]] bool lives() const { return !cut_ && !silent_ && has(kClient) && has(kServer); }

  void write(Side from, const std::string& bytes) {
    sides_[from].waiting += bytes;
    send(from);
  }
  [[nodiscard]] std::size_t waiting(Side from) const { return sides_[from].waiting.size(); }
  void pause(Side side, bool paused) {
    sides_[side].paused = paused;
    if (!paused) soon(side, [this, side] { read(side); });
  }

  void establish();
  void refuse();
  void cut();
  void silence() { silent_ = true; }

 private:
  struct Half {  // of one side
    End* end = nullptr;
    std::string waiting;       // written, and not sent
    std::size_t on_its_way{};  // bytes that were sent, and not read
    Instant last{};            // when the last of them arrives
    std::string unread;        // has arrived at this side
    bool paused = false;
    bool other_ended = false;
    bool other_ended_told = false;
  };

  // In a turn of that side's, behind everything that it was sent before.
  void at(Side side, Instant when, std::function<void()> what);
  void soon(Side side, std::function<void()> what) {
    at(side, stage_.clock.now() + latency(), std::move(what));
  }
  [[nodiscard]] Duration latency() { return between(rng_, kLatencyLeast, kLatencyMost); }
  void send(Side from);
  void arrive(Side to, std::string piece);
  void read(Side side);
  void close(Side side, const char* why);

  Stage& stage_;
  Rng rng_;
  const TurnIn turn_in_;
  std::array<Half, 2> sides_;
  bool cut_ = false;
  bool silent_ = false;
};

class Network::End final : public Wire {
 public:
  End(std::shared_ptr<Connection> connection, Side side, WireHandler* handler)
      : connection_(std::move(connection)), side_(side), handler_(handler) {
    connection_->attach(side_, *this);
  }
  ~End() override { connection_->detach(side_); }
  End(const End&) = delete;
  End& operator=(const End&) = delete;

  void attach(WireHandler& handler) override { handler_ = &handler; }
  void write(std::string bytes) override { connection_->write(side_, bytes); }
  [[nodiscard]] std::size_t buffered() const override { return connection_->waiting(side_); }
  [[nodiscard]] std::size_t never_read() const override { return buffered(); }
  void pause_reading() override { connection_->pause(side_, true); }
  void resume_reading() override { connection_->pause(side_, false); }
  void shutdown() override { ENSURE(false); }  // neither side ends so
  [[nodiscard]] std::string peer() const override { return "10.0.0.1:1"; }

  [[nodiscard]] WireHandler& handler() const { return *handler_; }

 private:
  const std::shared_ptr<Connection> connection_;
  const Side side_;
  WireHandler* handler_;
};

void Network::Connection::at(Side side, Instant when, std::function<void()> what) {
  if (side == kClient && !has(kClient)) return;  // nor has its engine any turns
  Half& half = sides_[side];
  half.last = std::max(half.last + Duration{1}, when);
  auto event = [self = shared_from_this(), what = std::move(what)] { what(); };
  if (side == kServer) return stage_.agenda.at(half.last, std::move(event));
  turn_in_(half.last - stage_.clock.now(), std::move(event));
}

void Network::Connection::send(Side from) {
  Half& half = sides_[from];
  while (!half.waiting.empty() && half.on_its_way < kWindow) {
    std::size_t size = std::min(half.waiting.size(), kWindow - half.on_its_way);
    if (rng_.one_in(4)) size = 1 + rng_.below(size);
    half.on_its_way += size;
    const bool slow = stage_.chaos.strikes(Fault::kWireSlow);
    const Duration takes = slow ? between(rng_, Duration{0}, kSlowMax) : latency();
    const Side to = other(from);
    at(to, stage_.clock.now() + takes,
       [this, to, piece = half.waiting.substr(0, size)]() { arrive(to, piece); });
    half.waiting.erase(0, size);
  }
}

// Of a connection that was cut, a part of what was on its way arrives.
void Network::Connection::arrive(Side to, std::string piece) {
  if (silent_) piece.clear();
  if (cut_ && rng_.one_in(2)) {
    piece.resize(rng_.below(piece.size() + 1));
    silent_ = true;
  }
  sides_[to].unread += piece;
  if (has(to)) return read(to);
  sides_[other(to)].on_its_way = 0;
}

void Network::Connection::read(Side side) {
  Half& half = sides_[side];
  if (!has(side) || half.paused) return;
  if (!half.unread.empty()) {
    const std::string bytes = std::exchange(half.unread, {});
    Half& sender = sides_[other(side)];
    sender.on_its_way -= std::min(sender.on_its_way, bytes.size());
    half.end->handler().on_bytes(bytes);
    send(other(side));
  }
  if (!has(side) || half.paused || !half.other_ended) return;
  if (!std::exchange(half.other_ended_told, true)) half.end->handler().on_eof();
}

// What it has sent still arrives, and then its end.
void Network::Connection::detach(Side side) {
  sides_[side].end = nullptr;
  sides_[side].waiting.clear();
  const Side to = other(side);
  if (!has(to)) return;
  soon(to, [this, to] {
    sides_[to].other_ended = true;
    read(to);
  });
}

void Network::Connection::close(Side side, const char* why) {
  if (!has(side)) return;
  WireHandler& handler = sides_[side].end->handler();
  sides_[side].end = nullptr;  // it hears nothing more
  handler.on_closed(ended(why));
}

void Network::Connection::establish() {
  soon(kClient, [this] {
    if (has(kClient)) sides_[kClient].end->handler().on_connected();
  });
}

void Network::Connection::refuse() {
  soon(kClient, [this] { close(kClient, "ECONNREFUSED"); });
}

void Network::Connection::cut() {
  cut_ = true;
  for (const Side side : {kClient, kServer}) {
    soon(side, [this, side] { close(side, "ECONNRESET"); });
  }
}

// ---- those who connect, and who listens ----

class Network::Clients final : public Wires {
 public:
  Clients(Network& network, TurnIn turn_in) : network_(network), turn_in_(std::move(turn_in)) {}

  [[nodiscard]] std::unique_ptr<Wire> connect(const Address& /*to*/,
                                              WireHandler& handler) override {
    Stage& stage = network_.stage_;
    auto connection = std::make_shared<Connection>(
        stage, network_.rng_.fork(std::to_string(network_.rng_.next())), turn_in_);
    network_.connections_.push_back(connection);
    auto end = std::make_unique<End>(connection, kClient, &handler);
    stage.agenda.in(
        between(network_.rng_, kLatencyLeast, kLatencyMost), [&network = network_, connection] {
          if (!connection->has(kClient)) return;
          if (network.acceptor_ == nullptr) return connection->refuse();
          connection->establish();
          network.acceptor_->on_accept(std::make_unique<End>(connection, kServer, nullptr));
        });
    return end;
  }
  [[nodiscard]] Result<std::unique_ptr<Listener>> listen(const Address&, AcceptHandler&) override {
    return Error{ErrorCode::kInternalServerError, "engines only connect here"};
  }

 private:
  Network& network_;
  const TurnIn turn_in_;
};

class Network::Listening final : public Listener {
 public:
  Listening(Network& network, Address at) : network_(network), at_(std::move(at)) {}
  ~Listening() override { network_.acceptor_ = nullptr; }
  Listening(const Listening&) = delete;
  Listening& operator=(const Listening&) = delete;
  [[nodiscard]] Address local_address() const override { return at_; }

 private:
  Network& network_;
  const Address at_;
};

class Network::Servers final : public Wires {
 public:
  explicit Servers(Network& network) : network_(network) {}
  [[nodiscard]] std::unique_ptr<Wire> connect(const Address&, WireHandler&) override {
    ENSURE(false);
    return nullptr;
  }
  [[nodiscard]] Result<std::unique_ptr<Listener>> listen(const Address& at,
                                                         AcceptHandler& handler) override {
    network_.acceptor_ = &handler;
    return std::unique_ptr<Listener>(std::make_unique<Listening>(network_, at));
  }

 private:
  Network& network_;
};

Network::Network(Stage& stage)
    : stage_(stage), rng_(stage.rng.fork("network")), servers_(std::make_unique<Servers>(*this)) {}

Network::~Network() = default;

std::unique_ptr<Wires> Network::client(TurnIn turn_in) {
  return std::make_unique<Clients>(*this, std::move(turn_in));
}

Wires& Network::server() { return *servers_; }

std::shared_ptr<Network::Connection> Network::any() {
  connections_.erase(std::remove_if(connections_.begin(), connections_.end(),
                                    [](const auto& weak) { return weak.expired(); }),
                     connections_.end());
  std::vector<std::shared_ptr<Connection>> living;
  for (const auto& weak : connections_) {
    auto connection = weak.lock();
    if (connection->lives()) living.push_back(std::move(connection));
  }
  return living.empty() ? nullptr : living[rng_.below(living.size())];
}

void Network::cut_one() {
  if (const auto connection = any()) connection->cut();
}

void Network::silence_one() {
  if (const auto connection = any()) connection->silence();
}

}  // namespace convoke::sim::shared
