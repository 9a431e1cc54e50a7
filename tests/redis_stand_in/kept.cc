#include "tests/redis_stand_in/kept.h"

#include "core/model/error.h"

namespace convoke::stand_in {

Value Kept::execute(Session& session, const Words& words, Instant now, WallTime wall) {
  if (loss_max_ > Duration{0}) {
    while (!last_.empty() && last_.front().at < now - loss_max_) repeat_first();
    last_.push_back({session, words, now, wall});
  }
  return commands_.execute(session, words, wall);
}

void Kept::repeat_first() {
  Executed first = std::move(last_.front());
  last_.pop_front();
  static_cast<void>(before_.execute(first.session, first.words, first.wall));
  static_cast<void>(before_.take_published());
}

void Kept::crash(Instant now, Duration lost) {
  ENSURE(lost <= loss_max_);
  if (lost > Duration{0}) {
    while (!last_.empty() && last_.front().at <= now - lost) repeat_first();
    last_.clear();
    commands_ = before_;
  }
  commands_.forget_scripts();
}

}  // namespace convoke::stand_in
