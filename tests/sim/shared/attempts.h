// What the outside world knows of every attempt at a queued call: who was given it, whether it
// began, and whether its end was asked for and written.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "tests/sim/observer.h"

namespace convoke::sim::shared {

struct AttemptKnown {
  Epoch epoch;
  Holder holder;
  bool maybe_repeated = false;  // as it was handed out
  bool ran = false;             // or may have: it was handed to an instance that did not refuse it
  bool end_asked = false;
  bool postpone_asked = false;
  bool end_written = false;
};

class Attempts final : public Observer {
 public:
  [[nodiscard]] const std::vector<AttemptKnown>& of(const CallId& id) const {
    static const std::vector<AttemptKnown> kNone;
    const auto found = calls_.find(id);
    return found == calls_.end() ? kNone : found->second;
  }
  [[nodiscard]] const AttemptKnown* find(const CallId& id, Epoch epoch) const {
    const std::vector<AttemptKnown>& all = of(id);
    for (auto attempt = all.rbegin(); attempt != all.rend(); ++attempt) {
      if (attempt->epoch == epoch) return &*attempt;
    }
    return nullptr;
  }
  [[nodiscard]] bool is_over(std::uint64_t life) const { return over_.count(life) > 0; }
  [[nodiscard]] bool any_is_over() const { return !over_.empty(); }

  void on_handed_out(const Holder& holder, const ClaimedCall& call) override {
    AttemptKnown attempt;
    attempt.epoch = call.receipt.epoch;
    attempt.holder = holder;
    attempt.maybe_repeated = call.maybe_repeated;
    calls_[call.receipt.id].push_back(attempt);
  }
  void on_started(const Started& started) override {
    if (auto* const known = known_of(started.attempt.id, started.attempt.epoch)) known->ran = true;
  }
  void on_ended(const CallId& id, const Reply& reply) override {
    if (reply.never_began) ++refused_[id];
  }
  void on_end_asked(const Receipt& receipt, Asked what) override {
    auto* const known = known_of(receipt.id, receipt.epoch);
    if (known == nullptr) return;
    known->end_asked = true;
    known->postpone_asked |= what == Asked::kPostpone;
    // By an instance that has never seen it.
    if (what == Asked::kGiveBack && known->ran && refused_[receipt.id] > 0) {
      --refused_[receipt.id];
      known->ran = false;
    }
  }
  void on_end_written(const Receipt& receipt, Asked) override {
    if (auto* const known = known_of(receipt.id, receipt.epoch)) known->end_written = true;
  }
  void on_life_over(std::uint64_t life) override { over_.insert(life); }

 private:
  [[nodiscard]] AttemptKnown* known_of(const CallId& id, Epoch epoch) {
    const auto found = calls_.find(id);
    if (found == calls_.end()) return nullptr;
    auto& all = found->second;
    for (auto attempt = all.rbegin(); attempt != all.rend(); ++attempt) {
      if (attempt->epoch == epoch) return &*attempt;
    }
    return nullptr;
  }

  std::map<CallId, std::vector<AttemptKnown>> calls_;
  std::map<CallId, std::uint32_t> refused_;  // attempts, by instances
  std::set<std::uint64_t> over_;
};

}  // namespace convoke::sim::shared
