#include "core/registry/shared/heart.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include "core/registry/shared/scripts.h"

namespace convoke::shared_registry {
namespace {

// From a reply to HGETALL.
void note_applied(const redis::Reply& reply, std::vector<Beating>& engines) {
  for (std::size_t i = 0; i + 1 < reply.size(); i += 2) {
    for (Beating& one : engines) {
      if (one.engine != reply[i].text()) continue;
      one.applied = static_cast<std::uint64_t>(reply[i + 1].integer().value_or(0));
    }
  }
}

}  // namespace

Heart::Heart(Options options, const Keys& keys, Server& server, Feed& feed, const Clock& clock,
             TimerWheel& wheel, std::uint64_t applied, HeartOwner& owner)
    : options_(std::move(options)),
      keys_(keys),
      server_(server),
      feed_(feed),
      clock_(clock),
      wheel_(wheel),
      owner_(owner),
      applied_(applied),
      silence_(options_.lease) {
  on_time();
}

void Heart::on_time() {
  const Duration every = std::min<Duration>(kBeatMax, redis::beat_every(options_.lease));
  wheel_.schedule(timer_, clock_.now() + every);
  beat();
}

bool Heart::is_behind() const {
  const bool long_since = lack_ && clock_.now() - lack_->since > redis::beat_every(options_.lease);
  return feed_.misled() || long_since;
}

void Heart::note_lack(std::uint64_t there) {
  if (there > applied_ && !lack_) lack_ = Lack{there, clock_.now()};
}

void Heart::beat() {
  if (!server_.ready()) return;
  const bool taking_part = takes_part();
  const Beat beat{options_.engine, taking_part ? std::to_string(applied_) : std::string(),
                  std::chrono::duration_cast<Millis>(redis::dead_after(options_.lease))};
  server_.call(beat_script(), beat_call(keys_, beat),
               [this, sent = clock_.now(), taking_part](const redis::Answer& answer) {
                 on_beaten(sent, taking_part, answer);
               });
}

void Heart::on_beaten(Instant sent, bool took_part, const redis::Answer& answer) {
  if (!answer.ok()) return;
  const std::optional<std::int64_t> version = answer.reply[0].integer();
  const std::optional<std::int64_t> least = answer.reply[1].integer();
  if (!version || *version < 0 || !least) return;
  const auto there = static_cast<std::uint64_t>(*version);
  note_lack(there);
  feed_.heard_of(there);
  const bool may_hold = redis::holds(lease_, clock_.now()) || there == applied_;
  if (took_part && may_hold && !has_left_) {
    lease_ = redis::renewed(lease_, sent, options_.lease);
    owner_.on_renewed(lease_.until);
  }
  // Without any that lives, nobody may start calls.
  owner_.on_all_applied(*least < 0 ? there : static_cast<std::uint64_t>(*least));
}

// What each engine has applied is kept for as long as the server takes it to be alive.
void Heart::ask_engines(Asked asked) {
  const auto engines = std::make_shared<std::vector<Beating>>();
  const Instant now = clock_.now();
  server_.ask(redis::Command("ZRANGE").arg(keys_.engines).arg("0").arg("-1").arg("WITHSCORES"),
              [engines](const redis::Answer& answer) {
                for (std::size_t i = 0; answer.ok() && i + 1 < answer.reply.size(); i += 2) {
                  engines->push_back({std::string(answer.reply[i].text()),
                                      std::string(answer.reply[i + 1].text()), 0});
                }
              });
  server_.ask(redis::Command("HGETALL").arg(keys_.applied),
              [this, engines, now, asked = std::move(asked)](const redis::Answer& answer) {
                if (!answer.ok() || engines->empty()) return asked(std::nullopt);
                note_applied(answer.reply, *engines);
                asked(silence_.may_hold(*engines, now, clock_.now()));
              });
}

// Without any that may start calls, all have applied what this one has.
void Heart::look() {
  if (!server_.ready()) return;
  ask_engines([this](const std::optional<std::vector<Beating>>& engines) {
    if (!engines) return;
    std::uint64_t least = applied_;
    for (const Beating& one : *engines) least = std::min(least, one.applied);
    owner_.on_all_applied(least);
  });
}

void Heart::who_has_what(RegistrySource::Asked asked) {
  ask_engines([asked = std::move(asked)](const std::optional<std::vector<Beating>>& engines) {
    if (!engines) return asked(std::nullopt);
    std::vector<EngineApplied> applied;
    for (const Beating& one : *engines) applied.push_back({one.engine, one.applied});
    asked(std::move(applied));
  });
}

void Heart::on_applied(std::uint64_t version) {
  applied_ = version;
  if (lack_ && lack_->version <= version) lack_.reset();
  beat();
}

// Whoever waits for us asks again when told of it.
void Heart::leave(std::function<void()> left) {
  has_left_ = true;
  lease_ = {};
  owner_.on_renewed(lease_.until);
  if (!server_.ready()) return left();
  const redis::Pipeline::Handler ignored = [](const redis::Answer&) {};
  server_.ask(redis::Command("ZREM").arg(keys_.engines).arg(options_.engine), ignored);
  server_.ask(redis::Command("HDEL").arg(keys_.applied).arg(options_.engine), ignored);
  server_.ask(redis::Command("PUBLISH").arg(keys_.confirmed).arg(applied_),
              [left = std::move(left)](const redis::Answer&) { left(); });
}

}  // namespace convoke::shared_registry
