#include "queue/journal/teller.h"

#include <iterator>

namespace convoke::journal {

void Teller::restore(const history::Mark& taken, std::vector<history::Fact> facts,
                     const history::Mark& upto) {
  upto_ = upto;
  if (facts.empty()) return;
  pending_ = std::move(facts);
  pending_from_ = taken.segment;
  keep_segments();
}

void Teller::add(std::vector<history::Fact> facts, const Location& location) {
  if (facts.empty()) return;
  pending_.insert(pending_.end(), std::make_move_iterator(facts.begin()),
                  std::make_move_iterator(facts.end()));
  upto_ = history::Mark{location.segment->sequence, location.offset + location.size};
  if (!pending_from_) pending_from_ = location.segment->sequence;
  keep_segments();
}

void Teller::flush() {
  if (pending_.empty()) return;
  if (pending_from_) untaken_.push_back({upto_, *std::exchange(pending_from_, std::nullopt)});
  sink_.tell(history::Chapter{writer_.journal(), upto_, std::exchange(pending_, {})});
}

void Teller::on_taken(const history::Mark& upto) {
  while (!untaken_.empty() && untaken_.front().upto <= upto) untaken_.pop_front();
  keep_segments();
}

void Teller::keep_segments() {
  if (untaken_.empty()) return writer_.keep_from(pending_from_);
  writer_.keep_from(untaken_.front().from_segment);
}

}  // namespace convoke::journal
