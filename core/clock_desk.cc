#include "core/clock_desk.h"

#include <utility>

namespace convoke {

void ClockDesk::advance(const AdvanceOrder& order, ShardIndex from, Advanced advanced) {
  doors_.front()->post([this, order, from, advanced = std::move(advanced)] {
    take({order, from, advanced});
  });
}

void ClockDesk::take(Waiting waiting) {
  if (auto refused = refusal(waiting.order)) return answer(waiting, *std::move(refused));
  waiting_.push_back(std::move(waiting));
  if (waiting_.size() == 1) begin();
}

std::optional<Error> ClockDesk::refusal(const AdvanceOrder& order) const {
  if (waiting_.size() == kAdvancesMax) {
    return Error{ErrorCode::kResourceThrottled,
                 "too many advances of the clock are waiting for the one under way", Seconds{1}};
  }
  Millis ahead = passed_ + order.by;
  for (const Waiting& earlier : waiting_) ahead += earlier.order.by;
  if (ahead <= kPassedMax) return std::nullopt;
  return Error{ErrorCode::kInvalidArgument,
               "the clock would be more than ten years ahead of its start: start the engine again"};
}

void ClockDesk::answer(const Waiting& waiting, const Result<AdvanceResult>& result) {
  doors_[waiting.from.value]->post([advanced = waiting.advanced, result] { advanced(result); });
}

void ClockDesk::begin() {
  under_way_.emplace(passed_, passed_ + waiting_.front().order.by);
  look(std::nullopt);
}

void ClockDesk::look(std::optional<Millis> move_to) {
  rests_.assign(doors_.size(), {});
  to_hear_ = doors_.size();
  const Millis patience = waiting_.front().order.patience;
  for (std::size_t shard = 0; shard < doors_.size(); ++shard) {
    TimeDoor* const door = doors_[shard];
    door->post([this, door, shard, move_to, patience] {
      if (move_to) door->move_time(*move_to);
      door->look(patience, [this, shard](const Rest& rest) {
        doors_.front()->post([this, shard, rest] { looked(shard, rest); });
      });
    });
  }
}

void ClockDesk::looked(std::size_t shard, const Rest& rest) {
  rests_[shard] = rest;
  if (--to_hear_ > 0) return;
  const Advance::Next next = under_way_->on_look(std::move(rests_));
  passed_ = under_way_->at();
  switch (next.action) {
    case Advance::Next::Do::kLook:
      return look(std::nullopt);
    case Advance::Next::Do::kMove:
      return look(next.to);
    case Advance::Next::Do::kEnd:
      return end();
  }
}

void ClockDesk::end() {
  answer(waiting_.front(), AdvanceResult{under_way_->steps(), under_way_->complete()});
  under_way_.reset();
  waiting_.pop_front();
  if (!waiting_.empty()) begin();
}

}  // namespace convoke
