// Mailboxes between simulated shards: small, bounded, in order between any two, and late if chance
// wills it.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <utility>
#include <vector>

#include "core/dispatch/letter.h"
#include "core/edge/mailbox.h"
#include "tests/sim/stage.h"

namespace convoke::sim {

class PostOffice {
 public:
  static constexpr std::size_t kBoxMax = 4;  // small on purpose: full must be an everyday answer

  // `deliver(to, delay, take)`: have that shard take the letter in a turn, after the delay.
  using Take = std::function<Letter()>;
  using Deliver = std::function<void(ShardIndex to, Duration delay, Take take)>;

  PostOffice(Stage& stage, std::uint16_t shards, Deliver deliver)
      : stage_(stage), deliver_(std::move(deliver)), rng_(stage.rng.fork("mail")), boxes_(shards) {
    for (auto& boxes : boxes_) boxes.resize(shards);
  }

  Posted post(ShardIndex from, ShardIndex to, Letter& letter) {
    Box& box = boxes_[to.value][from.value];
    if (box.letters.size() >= kBoxMax) return Posted::kFull;
    box.letters.push_back(std::move(letter));
    const bool slow = stage_.chaos.strikes(Fault::kSlowMail);
    const Duration delay = between(rng_, Duration{1'000}, slow ? Millis{200} : Millis{1});
    const Instant now = stage_.clock.now();
    box.last = std::max(box.last + Duration{1}, now + delay);
    deliver_(to, box.last - now, [&box] {
      Letter first = std::move(box.letters.front());
      box.letters.pop_front();
      return first;
    });
    return Posted::kYes;
  }

  [[nodiscard]] std::uint16_t shards() const { return static_cast<std::uint16_t>(boxes_.size()); }
  [[nodiscard]] std::size_t letters() const {
    std::size_t all = 0;
    for (const auto& boxes : boxes_) {
      for (const Box& box : boxes) all += box.letters.size();
    }
    return all;
  }

 private:
  struct Box {
    std::deque<Letter> letters{};
    Instant last{};  // when the last of them arrives
  };
  Stage& stage_;
  const Deliver deliver_;
  Rng rng_;
  std::vector<std::deque<Box>> boxes_;  // [to][from]; addresses stay
};

class ShardMail final : public Mail<Letter> {
 public:
  ShardMail(PostOffice& office, ShardIndex self) : office_(office), self_(self) {}
  Posted post(ShardIndex to, Letter& letter) override { return office_.post(self_, to, letter); }
  [[nodiscard]] std::uint16_t shards() const override { return office_.shards(); }
  [[nodiscard]] ShardIndex self() const override { return self_; }

 private:
  PostOffice& office_;
  const ShardIndex self_;
};

}  // namespace convoke::sim
