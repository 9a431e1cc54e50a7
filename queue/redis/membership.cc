#include "queue/redis/membership.h"

#include <memory>
#include <utility>

#include "queue/redis/scripts.h"

namespace convoke::redis {
namespace {

std::optional<std::uint64_t> number_of(const Reply& reply) {
  const auto number = reply.integer();
  return number && *number > 0 ? std::optional(static_cast<std::uint64_t>(*number)) : std::nullopt;
}

}  // namespace

Membership::Membership(MembershipOptions options, const Clock& clock, TimerWheel& wheel,
                       MembershipOwner& owner)
    : options_(std::move(options)),
      keys_(options_.prefix),
      clock_(clock),
      wheel_(wheel),
      owner_(owner) {
  to_bury_.insert(options_.predecessors.begin(), options_.predecessors.end());
}

Command Membership::note_function(FunctionId function) const {
  return std::move(
      Command("SADD").arg(functions_of(options_.prefix, incarnation_)).arg(function.value));
}

void Membership::on_connected() {
  entering_ = false;
  if (!in()) return enter();
  beat();
}

// ---- coming in, and staying in ----

void Membership::enter() {
  if (entering_) return;
  entering_ = true;
  connection_->send(Command("SETNX").arg(keys_.incarnation).arg(options_.first_incarnation),
                    [](const Answer&) {});
  connection_->send(Command("INCR").arg(keys_.incarnation),
                    [this](const Answer& answer) { on_incarnation(answer); });
}

void Membership::on_incarnation(const Answer& answer) {
  entering_ = false;
  const auto number = answer.ok() ? number_of(answer.reply) : std::nullopt;
  if (!number) {
    wheel_.schedule(timer_, clock_.now() + Seconds{1});
    return;
  }
  incarnation_ = *number;
  beat();
}

// The first, as long as none was confirmed.
void Membership::beat() {
  const bool first = lease_.until == Instant{};
  Command command = scripts().heartbeat.call(1);
  command.arg(keys_.engines).arg(incarnation_).arg(first ? 1 : 0);
  command.arg(std::chrono::duration_cast<Millis>(options_.silence_max).count());
  send_call(*connection_, scripts().heartbeat, std::move(command),
            [this, who = incarnation_, sent = clock_.now()](const Answer& answer) {
              on_beaten(who, sent, answer);
            });
  wheel_.schedule(timer_, clock_.now() + beat_every(options_.lease));
}

void Membership::on_beaten(std::uint64_t who, Instant sent, const Answer& answer) {
  if (who != incarnation_) return;
  if (answer.fate == Fate::kReplied && says_lease_lost(answer.reply)) {
    return lose("this engine was silent for too long, and others have taken its calls over");
  }
  if (!answer.ok()) return;
  const bool entered = lease_.until == Instant{};
  lease_ = renewed(lease_, sent, options_.lease);
  if (entered) owner_.on_entered();
  look_at_silent(answer.reply);
}

void Membership::on_time() {
  if (!in()) {
    if (connection_->ready()) enter();
    return;
  }
  // One that stood still asks first: perhaps nobody has taken anything over.
  if (connection_->ready()) return beat();
  if (lease_.until != Instant{} && !holds(lease_, clock_.now())) {
    return lose("the queue's server could not be reached for the length of a lease");
  }
  wheel_.schedule(timer_, clock_.now() + beat_every(options_.lease));
}

void Membership::lose(const std::string& why) {
  if (!in()) return;
  to_bury_.insert(std::exchange(incarnation_, 0));
  lease_ = {};
  silent_.clear();
  timer_.cancel();
  owner_.on_lease_lost(why);
  if (connection_->ready()) enter();
}

// ---- burying the dead ----

void Membership::look_at_silent(const Reply& silent) {
  std::set<std::uint64_t> now;
  for (std::size_t i = 0; i < silent.size(); ++i) {
    const auto one = number_of(silent[i]);
    if (!one || *one == incarnation_) continue;
    now.insert(*one);
    if (silent_.count(*one) > 0) to_bury_.insert(*one);
  }
  silent_ = std::move(now);
  for (const std::uint64_t dead : to_bury_) bury(dead);
}

void Membership::bury(std::uint64_t dead) {
  connection_->send(Command("SMEMBERS").arg(functions_of(options_.prefix, dead)),
                    [this, dead](const Answer& answer) {
                      if (answer.ok()) retire(dead, answer.reply);
                    });
}

void Membership::retire(std::uint64_t dead, const Reply& functions) {
  const auto left = std::make_shared<std::size_t>(functions.size());
  if (*left == 0) return on_all_retired(dead);
  for (std::size_t i = 0; i < functions.size(); ++i) {
    const FunctionId function = parse_function(functions[i].text()).value_or(FunctionId{});
    const FunctionKeys keys(options_.prefix, function);
    Command command = call_of(scripts().retire, keys);
    command.arg(dead);
    send_call(*connection_, scripts().retire, std::move(command),
              [this, dead, function, left](const Answer& answer) {
                const auto stand = answer.ok() ? parse_stand(answer.reply) : std::nullopt;
                if (!stand) return;
                owner_.on_retired(function, *stand);
                if (--*left == 0) on_all_retired(dead);
              });
  }
}

void Membership::on_all_retired(std::uint64_t dead) {
  connection_->send(Command("ZREM").arg(keys_.engines).arg(dead), [](const Answer&) {});
  connection_->send(Command("DEL").arg(functions_of(options_.prefix, dead)),
                    [this, dead](const Answer& answer) {
                      if (answer.ok()) to_bury_.erase(dead);
                    });
}

}  // namespace convoke::redis
