#include "core/tls/wire.h"

#include <utility>

namespace convoke::tls {
namespace {

constexpr Instant kSoon{};  // overdue: with the timers, in this turn or the next one

Error cut_off(std::string why) { return {ErrorCode::kServiceUnavailable, std::move(why)}; }

}  // namespace

SecuredWire::SecuredWire(Wires& wires, TimerWheel& wheel, const Client& client, std::string server,
                         const Address& to, WireHandler& handler)
    : wheel_(wheel),
      handler_(&handler),
      session_(std::make_shared<Session>(client, std::move(server))),
      below_(wires.connect(to, *this)) {}

void SecuredWire::on_connected() {
  state_ = State::kShakingHands;
  advance();
}

void SecuredWire::on_bytes(std::string_view bytes) {
  if (ended_) return;  // behind the peer's last word
  session_->feed(bytes);
  advance();
}

// Reads all that there is, as long as the handler wants it.
void SecuredWire::advance() {
  const std::shared_ptr<Session> session = session_;
  if (state_ == State::kShakingHands && !shake_hands(session)) return;
  while (state_ == State::kOpen && !paused_ && !ended_) {
    std::string_view plain;
    const Session::Step step = session->read(plain);
    send_answers();
    if (step == Session::Step::kFailed) return fail(session->error());
    if (step == Session::Step::kMore) break;
    ended_ = step == Session::Step::kEnded;
    ended_ ? handler_->on_eof() : handler_->on_bytes(plain);
    if (session.use_count() == 1) return;  // that has destroyed us
  }
  if (state_ == State::kOpen) hold_below(paused_);
}

// False: it goes on later, has failed, or we are gone.
bool SecuredWire::shake_hands(const std::shared_ptr<Session>& session) {
  const Session::Step step = session->shake_hands();
  send_answers();
  if (step == Session::Step::kMore) return false;
  if (step != Session::Step::kDone) {
    fail(session->error());
    return false;
  }
  state_ = State::kOpen;
  handler_->on_connected();
  if (session.use_count() == 1) return false;
  encrypt();
  return state_ == State::kOpen;
}

// What the protocol itself has to say: the handshake, new keys, alerts.
void SecuredWire::send_answers() {
  std::string output;
  session_->take_output(output);
  if (!output.empty() && shutdown_ != Shutdown::kSaid) below_->write(std::move(output));
}

void SecuredWire::write(std::string bytes) {
  ENSURE(shutdown_ == Shutdown::kNo || state_ == State::kDead);
  if (state_ == State::kDead) refused_bytes_ += bytes.size();
  if (state_ == State::kDead || bytes.empty()) return;
  plain_bytes_ += bytes.size();
  plain_.push_back(std::move(bytes));
  if (state_ == State::kOpen) encrypt();
  if (buffered() > kOutputLow) was_above_low_ = true;
}

std::size_t SecuredWire::buffered() const {
  return state_ == State::kDead ? 0 : plain_bytes_ + below_->buffered();
}

// Calls nobody back.
void SecuredWire::encrypt() {
  std::string output;
  while (!plain_.empty() && below_->buffered() + output.size() < kOutputHigh) {
    const std::string& first = plain_.front();
    const auto piece = std::string_view(first).substr(first_encrypted_, kRecordMax);
    if (session_->write(piece) != Session::Step::kDone) {
      failure_ = std::make_unique<Error>(session_->error());
      die();
      return wheel_.schedule(later_, kSoon);
    }
    session_->take_output(output);
    plain_bytes_ -= piece.size();
    first_encrypted_ += piece.size();
    if (first_encrypted_ < first.size()) continue;
    first_encrypted_ = 0;
    plain_.pop_front();
  }
  if (!output.empty()) below_->write(std::move(output));
  if (plain_.empty() && shutdown_ == Shutdown::kWanted) {
    session_->end();
    send_answers();
    shutdown_ = Shutdown::kSaid;
    below_->shutdown();
  }
  if (was_above_low_ && buffered() <= kOutputLow) wheel_.schedule(later_, kSoon);
}

void SecuredWire::on_drained() {
  if (state_ == State::kOpen) encrypt();
  if (state_ == State::kDead || !was_above_low_ || buffered() > kOutputLow) return;
  was_above_low_ = false;
  handler_->on_drained();
}

void SecuredWire::pause_reading() {
  paused_ = true;
  if (state_ == State::kOpen) hold_below(true);
}

void SecuredWire::resume_reading() {
  paused_ = false;
  if (below_held_) wheel_.schedule(later_, kSoon);
}

void SecuredWire::hold_below(bool hold) {
  if (std::exchange(below_held_, hold) == hold) return;
  hold ? below_->pause_reading() : below_->resume_reading();
}

void SecuredWire::shutdown() {
  if (state_ == State::kDead || shutdown_ != Shutdown::kNo) return;
  shutdown_ = Shutdown::kWanted;
  if (state_ == State::kOpen) encrypt();
}

void SecuredWire::on_eof() {
  if (ended_) return;
  fail(cut_off(state_ == State::kOpen ? "its connection was cut off: it ended without TLS's end"
                                      : "it closed the connection during the TLS handshake"));
}

void SecuredWire::on_closed(const Error& why) {
  fail(state_ == State::kShakingHands ? cut_off("during the TLS handshake: " + why.message) : why);
}

void SecuredWire::on_later() {
  const std::shared_ptr<Session> session = session_;
  if (failure_) {
    const std::unique_ptr<Error> why = std::move(failure_);
    return handler_->on_closed(*why);
  }
  on_drained();
  if (session.use_count() == 1) return;
  if (state_ == State::kOpen && below_held_ && !paused_) advance();
}

void SecuredWire::die() {
  state_ = State::kDead;
  later_.cancel();
  below_.reset();
}

void SecuredWire::fail(const Error& why) {
  const Error told = why;  // the caller's goes with what we end
  die();
  handler_->on_closed(told);
}

}  // namespace convoke::tls
