#include <algorithm>

#include "tests/sim/shared/oracles.h"

namespace convoke::sim::shared {
namespace {

class RepeatsAreExplained final : public Observer {
 public:
  explicit RepeatsAreExplained(const Evidence& evidence) : evidence_(evidence) {}

  void on_handed_out(const Holder&, const ClaimedCall& call) override {
    const bool explained = evidence_.attempts.any_is_over() || evidence_.books.retired() > 0;
    if (call.maybe_repeated && !explained) {
      red("says that it may have run before, though no lease was ever lost", call.receipt.id);
    }
  }
  void on_started(const Started& started) override {
    const Attempt& now = started.attempt;
    if (!now.asynchronous) return;
    // Of those since the last whose end is recorded, by which all before are forgotten.
    Epoch recorded{};
    for (const AttemptKnown& before : evidence_.attempts.of(now.id)) {
      if (may_be_recorded(before)) recorded = std::max(recorded, before.epoch);
    }
    for (const AttemptKnown& before : evidence_.attempts.of(now.id)) {
      const bool counts = before.ran && before.epoch > recorded && before.epoch != now.epoch;
      if (counts) judge(before, started);
    }
  }

 private:
  // One whose postponement was asked for may have been postponed, though nobody was told.
  static bool may_be_recorded(const AttemptKnown& attempt) {
    return attempt.end_written || attempt.postpone_asked;
  }
  void judge(const AttemptKnown& before, const Started& started) {
    const Attempt& now = started.attempt;
    if (!now.maybe_repeated) red("does not say so", now.id);
    const bool died = evidence_.attempts.is_over(before.holder.life);
    const bool retired =
        !evidence_.books.has_lease(started.function->id, std::to_string(before.holder.incarnation));
    if (!died && !retired) red("lost no lease", now.id);
  }
  void red(const char* what, const CallId& id) {
    evidence_.court.red("Q2", "a call that runs again " + (what + (": " + id.text())));
  }

  const Evidence evidence_;
};

}  // namespace

std::unique_ptr<Observer> repeats_are_explained(const Evidence& evidence) {
  return std::make_unique<RepeatsAreExplained>(evidence);
}

}  // namespace convoke::sim::shared
