#include "core/registry/shared/answers.h"

#include <utility>
#include <variant>

#include "queue/redis/lease.h"

namespace convoke::shared_registry {
namespace {

Error not_confirmed() {
  return {ErrorCode::kServiceUnavailable,
          "the change is made, but which other engines have applied it cannot be asked: the "
          "registry's server does not answer"};
}

// Whether anything may start less than before.
bool restricts(const Change& change) {
  if (const auto* put = std::get_if<SwitchPut>(&change.what)) return put->kill_switch->disabled;
  return std::holds_alternative<LimitPut>(change.what) ||
         std::holds_alternative<TreeStopped>(change.what);
}

}  // namespace

// One that falls behind takes part for a third of a lease more, and counts until it is dead; and
// as long again, for a server that is away meanwhile.
Answers::Answers(const Clock& clock, TimerWheel& wheel, Duration lease, std::function<void()> ask)
    : clock_(clock),
      wheel_(wheel),
      others_max_(2 * (redis::beat_every(lease) + redis::dead_after(lease))),
      ask_(std::move(ask)) {}

void Answers::add(Change change, RegistrySource::Done done) {
  for_us_.push_back({std::move(change), std::move(done), {}});
}

void Answers::on_applied(std::uint64_t version) {
  while (!for_us_.empty() && for_us_.front().change.version <= version) {
    Waiting first = std::move(for_us_.front());
    for_us_.pop_front();
    if (!restricts(first.change)) {
      first.done(first.change);
      continue;
    }
    first.until = clock_.now() + others_max_;
    for_others_.push_back(std::move(first));
    // At once: silence counts from the first time that it is asked about.
    if (!asking_.scheduled()) wheel_.schedule(asking_, clock_.now());
  }
}

void Answers::on_all_applied(std::uint64_t version) {
  while (!for_others_.empty() && for_others_.front().change.version <= version) {
    const Waiting first = std::move(for_others_.front());
    for_others_.pop_front();
    first.done(first.change);
  }
}

void Answers::ask() {
  while (!for_others_.empty() && for_others_.front().until <= clock_.now()) {
    const Waiting first = std::move(for_others_.front());
    for_others_.pop_front();
    first.done(not_confirmed());
  }
  if (for_others_.empty()) return;
  wheel_.schedule(asking_, clock_.now() + kAskEvery);
  ask_();
}

}  // namespace convoke::shared_registry
