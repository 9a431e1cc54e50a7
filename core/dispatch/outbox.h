// Sends letters in order and never loses one: what a full mailbox hands back is kept here and sent
// again when the turn ends. Bounded by the calls under way, each of which has a letter or two.
#pragma once

#include <deque>
#include <utility>
#include <vector>

#include "core/dispatch/letter.h"
#include "core/edge/mailbox.h"

namespace convoke {

class Outbox {
 public:
  explicit Outbox(Mail<Letter>& mail) : mail_(mail), kept_(mail.shards()) {}

  void post(ShardIndex to, Letter letter) {
    auto& kept = kept_[to.value];
    if (!kept.empty() || mail_.post(to, letter) == Posted::kFull) kept.push_back(std::move(letter));
  }

  // At the end of every turn. True: something is still kept, so the loop must turn again soon.
  bool flush() {
    bool waiting = false;
    for (std::uint16_t i = 0; i < kept_.size(); ++i) waiting |= !flush_to(ShardIndex{i});
    return waiting;
  }

  [[nodiscard]] ShardIndex self() const { return mail_.self(); }
  [[nodiscard]] std::uint16_t shards() const { return mail_.shards(); }

 private:
  bool flush_to(ShardIndex to) {
    auto& kept = kept_[to.value];
    while (!kept.empty() && mail_.post(to, kept.front()) == Posted::kYes) kept.pop_front();
    return kept.empty();
  }

  Mail<Letter>& mail_;
  std::vector<std::deque<Letter>> kept_;
};

}  // namespace convoke
