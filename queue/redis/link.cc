#include "queue/redis/link.h"

#include <algorithm>
#include <utility>

#include "core/tls/wire.h"

namespace convoke::redis {

Millis back_off(std::uint32_t failures, Rng& rng) {
  const std::uint32_t doublings = std::min<std::uint32_t>(failures - 1, 16);
  const Millis whole = std::min(kBackOffMax, kBackOffFirst * (1 << doublings));
  const auto half = static_cast<std::uint64_t>(whole.count()) / 2;
  return Millis{static_cast<std::int64_t>(half + rng.below(half + 1))};
}

Link::Link(const LinkWorld& world, LinkOptions options, Rng rng, LinkHandler& handler)
    : world_(world),
      options_(std::move(options)),
      at_(options_.target),
      rng_(rng),
      handler_(handler) {
  connect();
}

void Link::connect() {
  state_ = State::kConnecting;
  reader_ = std::make_shared<ReplyReader>(options_.replies);
  if (options_.where) at_ = options_.target.at(options_.where());
  watch();
  if (!at_.by_name()) return connect_to(at_.address);
  lookup_ = world_.wires.look_up(at_.name, at_.address.port,
                                 [this](const auto& found) { on_found(found); });
}

void Link::on_found(const Result<std::vector<Address>>& found) {
  lookup_.reset();
  if (!found) return fail(found.error().message);
  connect_to((*found)[turn_ % found->size()]);
}

void Link::connect_to(const Address& address) {
  if (!at_.tls) {
    wire_ = world_.wires.connect(address, *this);
    return;
  }
  ENSURE(at_.trust != nullptr);
  WireHandler& us = *this;
  wire_ = std::make_unique<tls::SecuredWire>(world_.wires, world_.wheel, *at_.trust, at_.host(),
                                             address, us);
}

void Link::on_connected() {
  state_ = State::kGreeting;
  greeting_.emplace(options_.target, options_.name);
  expected_ = greeting_->replies();
  wire_->write(greeting_->bytes());
  watch();
}

void Link::write(std::string bytes, std::size_t replies) {
  ENSURE(up());
  expected_ += replies;
  if (!silence_.scheduled()) watch();
  wire_->write(std::move(bytes));
}

void Link::on_bytes(std::string_view bytes) {
  const std::shared_ptr<ReplyReader> reader = reader_;
  reader->feed(bytes);
  ReplyReader::Step step = reader->advance();
  for (; step == ReplyReader::Step::kReply; step = reader->advance()) {
    take(reader->reply());
    if (reader.use_count() == 1) return;  // this connection has ended, or we are gone
  }
  if (step == ReplyReader::Step::kBroken) return fail(reader->error());
  watch();
}

void Link::take(const Reply& reply) {
  if (expected_ > 0) --expected_;
  if (state_ == State::kGreeting) return take_greeting(reply);
  handler_.on_reply(reply);
}

void Link::take_greeting(const Reply& reply) {
  if (const auto taken = greeting_->take(reply); !taken) return fail(taken.error().message);
  if (!greeting_->done()) return;
  greeting_.reset();
  state_ = State::kUp;
  failures_ = 0;
  handler_.on_up();
}

// Every byte from the server is a sign of life.
void Link::watch() {
  const bool waits = state_ != State::kUp || expected_ > 0;
  if (!waits) return silence_.cancel();
  world_.wheel.schedule(silence_, world_.clock.now() + options_.patience);
}

void Link::on_silence() {
  const std::string time = std::to_string(options_.patience / Millis{1}) + " ms";
  if (lookup_) return fail("the name " + options_.target.name + " was not resolved within " + time);
  const bool no_tls = state_ == State::kConnecting && options_.target.tls;
  fail("it has said nothing for " + time + (no_tls ? "; does it speak TLS there?" : ""));
}

void Link::on_eof() { fail("it closed the connection"); }

void Link::on_closed(const Error& why) { fail(why.message); }

void Link::fail(std::string_view why) {
  const Error error{ErrorCode::kServiceUnavailable,
                    "Redis at " + at_.text() + ": " + std::string(why)};
  const std::size_t never_read = wire_ ? wire_->never_read() : 0;
  if (state_ != State::kUp) ++turn_;
  lookup_.reset();
  wire_.reset();
  reader_.reset();
  greeting_.reset();
  expected_ = 0;
  silence_.cancel();
  state_ = State::kDown;
  world_.wheel.schedule(reconnect_, world_.clock.now() + back_off(++failures_, rng_));
  handler_.on_down(error, never_read);
}

}  // namespace convoke::redis
