// Wires in virtual time: a network that does what the test says and forgives nothing.
//
// A test holds the Peer of each connection: it delivers bytes, ends or resets the connection, says
// how much output the network takes, and sees what came. Every call that reaches the code under
// test is one turn: what was written in it leaves at its end.
//
// The contract of core/edge/wires.h is held both ways: a Wire that is gone hears nothing, nothing
// is delivered while reading is paused, a write after shutdown() ends the test.
#pragma once

#include <algorithm>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/edge/clock.h"
#include "core/edge/timer_wheel.h"
#include "core/edge/wires.h"

namespace convoke::fake {

class Time final : public Clock {
 public:
  [[nodiscard]] Instant now() const override { return now_; }
  [[nodiscard]] WallTime wall() const override {
    return wall_from_ms(1'700'000'000'000) +
           std::chrono::duration_cast<Millis>(now_.time_since_epoch());
  }
  void pass(Duration duration) {
    const Instant end = now_ + duration;
    while (true) {
      const auto next = wheel.next_wakeup();
      if (!next || *next > end) break;
      now_ = std::max(now_, *next);
      wheel.advance(now_);
    }
    now_ = end;
    wheel.advance(now_);
  }
  void turn() { wheel.advance(now_); }

 private:
  Instant now_ = Instant{} + Seconds{1000};

 public:
  TimerWheel wheel{now_};
};

class FakeWire;

// The other end of one connection, and the network between.
class Peer {
 public:
  static constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();

  // ---- what the peer does; each is a turn ----
  void accept_connection();  // of an outgoing one
  void send(std::string_view bytes);
  void send_each_byte(std::string_view bytes) {
    for (const char byte : bytes) send({&byte, 1});
  }
  void end();                                       // sends no more
  void reset(std::string_view why = "ECONNRESET");  // the connection is dead
  void take(std::size_t bytes);                     // so many more bytes of output leave; kAll: any

  void take_nothing_more() { takes_ = 0; }

  // ---- what it sees ----
  [[nodiscard]] const Address& to() const { return to_; }       // of an outgoing one
  [[nodiscard]] bool gone() const { return wire_ == nullptr; }  // our side has closed
  [[nodiscard]] bool saw_end() const { return saw_end_; }       // of output: by shutdown or closing
  [[nodiscard]] const std::string& received() const { return received_; }
  [[nodiscard]] std::string take_received() { return std::exchange(received_, {}); }
  [[nodiscard]] std::size_t unread() const { return unread_.size(); }  // held back by a pause
  [[nodiscard]] std::size_t writes() const { return writes_; }

  void flush();  // the end of a turn

 private:
  friend class FakeWire;
  friend class Network;
  void deliver();

  FakeWire* wire_ = nullptr;
  Address to_;
  std::string received_;
  std::string unread_;
  bool ended_ = false;
  bool end_delivered_ = false;
  bool saw_end_ = false;
  std::size_t takes_ = kAll;
  std::size_t writes_ = 0;
};

class FakeWire final : public Wire {
 public:
  FakeWire(std::shared_ptr<Peer> peer, WireHandler* handler)
      : peer_(std::move(peer)), handler_(handler) {
    peer_->wire_ = this;
  }
  ~FakeWire() override {
    peer_->wire_ = nullptr;
    peer_->saw_end_ = true;
  }
  FakeWire(const FakeWire&) = delete;
  FakeWire& operator=(const FakeWire&) = delete;

  void attach(WireHandler& handler) override { handler_ = &handler; }
  void write(std::string bytes) override {
    ENSURE(!shut_);
    ++peer_->writes_;
    output_ += bytes;
    above_low_ = above_low_ || output_.size() > kOutputLow;
  }
  [[nodiscard]] std::size_t buffered() const override { return output_.size(); }
  [[nodiscard]] std::size_t never_read() const override { return dropped_ + output_.size(); }
  void pause_reading() override { paused_ = true; }
  void resume_reading() override { paused_ = false; }
  void shutdown() override { shut_ = true; }
  [[nodiscard]] std::string peer() const override { return "127.0.0.1:1"; }

 private:
  friend class Peer;
  std::shared_ptr<Peer> peer_;
  WireHandler* handler_;
  std::string output_;
  std::size_t dropped_ = 0;
  bool paused_ = false;
  bool shut_ = false;
  bool above_low_ = false;
  bool connected_ = true;

  friend class Network;
};

inline void Peer::accept_connection() {
  wire_->connected_ = true;
  wire_->handler_->on_connected();
  flush();
}

inline void Peer::send(std::string_view bytes) {
  unread_ += bytes;
  deliver();
}

inline void Peer::end() {
  ended_ = true;
  deliver();
}

inline void Peer::deliver() {
  if (wire_ != nullptr && !wire_->paused_ && !unread_.empty()) {
    const std::string bytes = std::exchange(unread_, {});
    wire_->handler_->on_bytes(bytes);
    flush();
  }
  if (wire_ != nullptr && !wire_->paused_ && ended_ && !std::exchange(end_delivered_, true)) {
    wire_->handler_->on_eof();
    flush();
  }
}

inline void Peer::reset(std::string_view why) {
  if (wire_ == nullptr) return;
  wire_->dropped_ += std::exchange(wire_->output_, {}).size();
  wire_->handler_->on_closed(Error{ErrorCode::kInternalServerError, std::string(why)});
}

inline void Peer::take(std::size_t bytes) {
  takes_ = bytes == kAll ? kAll : takes_ + bytes;
  flush();
}

inline void Peer::flush() {
  if (wire_ == nullptr || !wire_->connected_) return;
  const std::size_t leaves = std::min(takes_, wire_->output_.size());
  received_.append(wire_->output_, 0, leaves);
  wire_->output_.erase(0, leaves);
  if (takes_ != kAll) takes_ -= leaves;
  if (wire_->output_.empty() && wire_->shut_) saw_end_ = true;
  if (wire_->above_low_ && wire_->output_.size() <= Wire::kOutputLow) {
    wire_->above_low_ = false;
    wire_->handler_->on_drained();
    return flush();
  }
  deliver();  // what a pause held back
}

class Network final : public Wires {
 public:
  // A client connects to whoever listens. `takes`: how much output leaves before take() is called.
  std::shared_ptr<Peer> dial(std::size_t takes = Peer::kAll) {
    auto peer = std::make_shared<Peer>();
    peer->takes_ = takes;
    peers.push_back(peer);
    if (acceptor_ == nullptr) return peer;
    acceptor_->on_accept(std::make_unique<FakeWire>(peer, nullptr));
    peer->flush();
    return peer;
  }

  // A client that nobody accepts until the listener is asked for those that wait.
  std::shared_ptr<Peer> knock() {
    waiting_.push_back(std::make_shared<Peer>());
    return waiting_.back();
  }

  [[nodiscard]] std::unique_ptr<Wire> connect(const Address& to, WireHandler& handler) override {
    auto peer = std::make_shared<Peer>();
    peer->to_ = to;
    peers.push_back(peer);
    connected_to.push_back(to.text());
    auto wire = std::make_unique<FakeWire>(peer, &handler);
    wire->connected_ = false;
    return wire;
  }

  [[nodiscard]] Result<std::unique_ptr<convoke::Listener>> listen(const Address& at,
                                                                  AcceptHandler& handler) override {
    if (refuse_to_listen) return Error{ErrorCode::kInternalServerError, "EADDRINUSE"};
    acceptor_ = &handler;
    return std::unique_ptr<convoke::Listener>(std::make_unique<Listening>(*this, at));
  }
  [[nodiscard]] bool listening() const { return acceptor_ != nullptr; }

  [[nodiscard]] std::unique_ptr<Lookup> look_up(const std::string& host, std::uint16_t port,
                                                Found found) override {
    return std::make_unique<Asking>(*this, host + ":" + std::to_string(port), std::move(found));
  }
  // What is being looked up; "": nothing is.
  [[nodiscard]] std::string asked() const { return asking_ == nullptr ? "" : asking_->name; }
  void answer(const Result<std::vector<Address>>& addresses) {
    const Found found = std::move(asking_->found);
    found(addresses);
    flush();
  }

  // What was written in a turn that no peer began: by a timer, or by a call of the test's own.
  void flush() {
    for (std::size_t i = 0; i < peers.size(); ++i) peers[i]->flush();
  }

  std::vector<std::shared_ptr<Peer>> peers;  // all there have been
  std::vector<std::string> connected_to;     // all that were ours to make
  bool refuse_to_listen = false;

 private:
  class Listening final : public convoke::Listener {
   public:
    Listening(Network& network, Address at) : network_(network), at_(std::move(at)) {}
    ~Listening() override { network_.acceptor_ = nullptr; }
    Listening(const Listening&) = delete;
    Listening& operator=(const Listening&) = delete;
    [[nodiscard]] Address local_address() const override { return at_; }
    void accept_waiting() override {
      for (auto& peer : std::exchange(network_.waiting_, {})) {
        network_.peers.push_back(peer);
        network_.acceptor_->on_accept(std::make_unique<FakeWire>(peer, nullptr));
      }
    }

   private:
    Network& network_;
    Address at_;
  };

  struct Asking final : Lookup {
    Asking(Network& in, std::string what, Found then)
        : network(in), name(std::move(what)), found(std::move(then)) {
      ENSURE(network.asking_ == nullptr);
      network.asking_ = this;
    }
    ~Asking() override { network.asking_ = nullptr; }
    Asking(const Asking&) = delete;
    Asking& operator=(const Asking&) = delete;
    Network& network;
    const std::string name;
    Found found;
  };

  AcceptHandler* acceptor_ = nullptr;
  std::vector<std::shared_ptr<Peer>> waiting_;
  Asking* asking_ = nullptr;
};

}  // namespace convoke::fake
