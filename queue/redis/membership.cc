#include "queue/redis/membership.h"

#include <memory>
#include <utility>

#include "queue/redis/scripts.h"
#include "queue/redis/verdict.h"

namespace convoke::redis {
namespace {

std::optional<std::uint64_t> number_of(const Reply& reply) {
  const auto number = reply.integer();
  return number && *number > 0 ? std::optional(static_cast<std::uint64_t>(*number)) : std::nullopt;
}

std::set<std::uint64_t> numbers_of(const Reply& reply) {
  std::set<std::uint64_t> numbers;
  for (std::size_t i = 0; i < reply.size(); ++i) {
    if (const auto number = number_of(reply[i])) numbers.insert(*number);
  }
  return numbers;
}

// Of a function's leases: those that are held.
std::set<std::uint64_t> holders_in(const Reply& leases) {
  std::set<std::uint64_t> holders;
  for (std::size_t i = 0; i + 1 < leases.size(); i += 2) {
    const auto who = number_of(leases[i]);
    if (who && leases[i + 1].text() == "1") holders.insert(*who);
  }
  return holders;
}

}  // namespace

Membership::Membership(MembershipOptions options, const Clock& clock, TimerWheel& wheel,
                       MembershipOwner& owner)
    : options_(std::move(options)),
      keys_(options_.prefix),
      clock_(clock),
      wheel_(wheel),
      owner_(owner) {
  for (const std::uint64_t dead : options_.predecessors) to_bury_.emplace(dead, Duration{0});
}

Command Membership::note_function(FunctionId function) const {
  return enlisting(functions_of(options_.prefix, incarnation_), function);
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
  Command command = scripts().enter.call(1);
  command.arg(keys_.incarnation).arg(options_.first_incarnation);
  send_call(*connection_, scripts().enter, std::move(command),
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
  owner_.on_renewed();
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
  to_bury_.emplace(std::exchange(incarnation_, 0), Duration{0});
  lease_ = {};
  silent_.clear();
  timer_.cancel();
  owner_.on_lease_lost(why);
  if (connection_->ready()) enter();
}

// ---- burying the dead ----

void Membership::look_at_silent(const Reply& silent) {
  std::set<std::uint64_t> now = numbers_of(silent);
  now.erase(incarnation_);
  for (const std::uint64_t dead : taken_for_dead(silent_, now)) {
    to_bury_.emplace(dead, options_.silence_max);
  }
  silent_ = std::move(now);
  for (const auto& [dead, silence] : to_bury_) bury(dead, silence);
}

void Membership::bury(std::uint64_t dead, Duration silence) {
  Command command = scripts().condemn.call(1);
  command.arg(keys_.engines).arg(dead).arg(std::chrono::duration_cast<Millis>(silence).count());
  send_call(*connection_, scripts().condemn, std::move(command),
            [this, dead](const Answer& answer) {
              if (!answer.ok()) return;
              if (answer.reply.integer() == 1) return look_for_functions(dead);
              to_bury_.erase(dead);  // it lives
            });
}

void Membership::look_for_functions(std::uint64_t dead) {
  connection_->send(Command("SMEMBERS").arg(functions_of(options_.prefix, dead)),
                    [this, dead](const Answer& answer) {
                      if (answer.ok()) retire(dead, answer.reply);
                    });
}

void Membership::retire(std::uint64_t dead, const Reply& functions) {
  const auto left = std::make_shared<std::size_t>(functions.size());
  if (*left == 0) return on_all_retired(dead);
  for (std::size_t i = 0; i < functions.size(); ++i) {
    retire(dead, parse_function(functions[i].text()).value_or(FunctionId{}), [this, dead, left] {
      if (--*left == 0) on_all_retired(dead);
    });
  }
}

void Membership::retire(std::uint64_t dead, FunctionId function, std::function<void()> retired) {
  Command command = call_of(scripts().retire, FunctionKeys(options_.prefix, function));
  command.arg(dead);
  send_call(*connection_, scripts().retire, std::move(command),
            [this, function, retired = std::move(retired)](const Answer& answer) {
              const auto stand = answer.ok() ? parse_stand(answer.reply) : std::nullopt;
              if (!stand) return;
              owner_.on_retired(function, *stand);
              retired();
            });
}

void Membership::on_all_retired(std::uint64_t dead) {
  connection_->send(Command("DEL").arg(functions_of(options_.prefix, dead)),
                    [this, dead](const Answer& answer) {
                      if (answer.ok()) forget(dead);
                    });
}

void Membership::forget(std::uint64_t dead) {
  connection_->send(Command("ZREM").arg(keys_.engines).arg(dead),
                    [this, dead](const Answer& answer) {
                      if (answer.ok()) to_bury_.erase(dead);
                    });
}

// ---- what came late ----

void Membership::look_for_left_over(FunctionId function) {
  const FunctionKeys keys(options_.prefix, function);
  connection_->send(Command("HGETALL").arg(keys.all()[3]), [this, function](const Answer& answer) {
    if (answer.ok()) look_for_left_over(function, holders_in(answer.reply));
  });
}

void Membership::look_for_left_over(FunctionId function, const std::set<std::uint64_t>& leases) {
  const auto others = leases.size() - leases.count(incarnation_);
  if (others == 0) return;
  connection_->send(Command("ZRANGE").arg(keys_.engines).arg("0").arg("-1"),
                    [this, function, leases](const Answer& answer) {
                      if (!answer.ok()) return;
                      const auto living = numbers_of(answer.reply);
                      for (const std::uint64_t dead : left_over(leases, living, incarnation_)) {
                        retire(dead, function, [] {});
                      }
                    });
}

}  // namespace convoke::redis
