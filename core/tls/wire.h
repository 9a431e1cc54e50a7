// A Wire that speaks TLS over another one: connected once the handshake is done and the server's
// certificate is verified.
//
// Back-pressure: what is written stays plain until the wire below holds less than kOutputHigh, and
// a pause is passed on to it, so that at most one read of it waits here.
//
// The end: the peer's close_notify is on_eof(). An end of the stream without it may have been made
// by somebody between us: on_closed().
//
// never_read() counts what was never encrypted. Of what was, a part may have reached the peer, and
// the wire below counts other bytes than were written here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "core/edge/timer_wheel.h"
#include "core/edge/wires.h"
#include "core/tls/client.h"
#include "core/tls/session.h"

namespace convoke::tls {

class SecuredWire final : public Wire, private WireHandler {
 public:
  // As Wires::connect(); `server` is the name or address that the certificate there must be for.
  // The wires and the wheel outlive it.
  SecuredWire(Wires& wires, TimerWheel& wheel, const Client& client, std::string server,
              const Address& to, WireHandler& handler);
  SecuredWire(const SecuredWire&) = delete;  // the wire below and the wheel hold our address
  SecuredWire& operator=(const SecuredWire&) = delete;

  void attach(WireHandler& handler) override { handler_ = &handler; }
  void write(std::string bytes) override;
  [[nodiscard]] std::size_t buffered() const override;
  [[nodiscard]] std::size_t never_read() const override { return plain_bytes_ + refused_bytes_; }
  void pause_reading() override;
  void resume_reading() override;
  void shutdown() override;
  [[nodiscard]] std::string peer() const override { return below_ ? below_->peer() : ""; }

 private:
  enum class State : std::uint8_t { kConnecting, kShakingHands, kOpen, kDead };
  enum class Shutdown : std::uint8_t { kNo, kWanted, kSaid };

  void on_connected() override;
  void on_bytes(std::string_view bytes) override;
  void on_drained() override;
  void on_eof() override;
  void on_closed(const Error& why) override;

  void advance();
  [[nodiscard]] bool shake_hands(const std::shared_ptr<Session>& session);
  void send_answers();
  void encrypt();
  void hold_below(bool hold);
  void on_later();
  void die();
  void fail(const Error& why);

  TimerWheel& wheel_;
  WireHandler* handler_;
  // Whoever calls the handler holds it too, and stops when nobody else does.
  std::shared_ptr<Session> session_;
  std::deque<std::string> plain_;    // written, not yet encrypted
  std::size_t first_encrypted_ = 0;  // bytes of plain_[0]
  std::size_t plain_bytes_ = 0;      // the others
  std::size_t refused_bytes_ = 0;    // written after the end
  std::unique_ptr<Error> failure_;   // to be told by on_later
  State state_ = State::kConnecting;
  Shutdown shutdown_ = Shutdown::kNo;
  bool paused_ = false;
  bool below_held_ = false;
  bool ended_ = false;  // by the peer's word
  bool was_above_low_ = false;
  Timer later_ = timer_for<&SecuredWire::on_later>(this);
  std::unique_ptr<Wire> below_;
};

}  // namespace convoke::tls
