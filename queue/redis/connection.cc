#include "queue/redis/connection.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace convoke::redis {

Connection::Connection(const LinkWorld& world, LinkOptions options, const PipelineLimits& limits,
                       Rng rng, ConnectionOwner& owner)
    : limits_(limits),
      wheel_(world.wheel),
      owner_(owner),
      link_(world, std::move(options), rng, *this) {}

std::size_t Connection::pending_bytes() const {
  return static_cast<std::size_t>(sent_ - answered_);
}

bool Connection::full() const {
  return pending_.size() >= limits_.commands_max || pending_bytes() >= limits_.bytes_max;
}

void Connection::send(const Command& command, Handler handler) {
  take(command, 0, std::move(handler));
}

void Connection::send_together(const Transaction& commands, Handler handler) {
  take(commands, commands.replies_before(), std::move(handler));
}

template <class Encoded>
void Connection::take(const Encoded& what, std::size_t replies_before, Handler handler) {
  if (!ready() || full()) {
    ended_.push_back({std::move(handler), Fate::kNotSent});
    return;
  }
  const std::size_t before = output_.size();
  what.append_to(output_);
  sent_ += output_.size() - before;
  pending_.push_back({std::move(handler), sent_, replies_before, replies_before > 0});
  ++unflushed_;
  expected_ += replies_before + 1;
}

void Connection::flush() {
  if (std::exchange(unflushed_, 0) > 0) {
    link_.write(std::exchange(output_, {}), std::exchange(expected_, 0));
  }
  // Those that are to be told are not put off by a flush before they are; others go with the next.
  if (ended_.empty() || tell_.scheduled()) return;
  ended_before_flush_ = ended_.size();
  wheel_.schedule(tell_, Instant{});
}

void Connection::on_up() {
  sent_ = answered_ = 0;
  owner_.on_server(*this);
  owner_.on_ready();
}

void Connection::on_reply(const Reply& reply) {
  if (pending_.size() == unflushed_) return link_.reject("it answers what nobody asked");
  if (Pending& next = pending_.front(); next.before > 0) {
    if (std::exchange(next.begins, false) && reply.is_error()) together_ = false;
    --next.before;
    return;
  }
  const Pending answered = std::move(pending_.front());
  pending_.pop_front();
  answered_ = answered.end;
  answered.handler({Fate::kReplied, reply});  // may destroy us
}

void Connection::on_down(const Error& why, std::size_t never_read) {
  const std::uint64_t written = sent_ - output_.size();
  const std::uint64_t read = written - std::min<std::uint64_t>(written, never_read);  // at most
  for (Pending& it : pending_) {
    ended_.push_back({std::move(it.handler), it.end > read ? Fate::kNotSent : Fate::kLost});
  }
  pending_.clear();
  output_.clear();
  unflushed_ = expected_ = 0;
  sent_ = answered_ = 0;
  owner_.on_lost(why);
}

void Connection::tell_ended() {
  const auto end = ended_.begin() + static_cast<std::ptrdiff_t>(ended_before_flush_);
  const auto told = std::make_shared<std::vector<Ended>>(std::make_move_iterator(ended_.begin()),
                                                         std::make_move_iterator(end));
  ended_.erase(ended_.begin(), end);
  ended_before_flush_ = 0;
  telling_ = told;
  for (const Ended& it : *told) {
    it.handler({it.fate, {}});
    if (told.use_count() == 1) return;  // that has destroyed us
  }
  telling_.reset();
}

}  // namespace convoke::redis
