#include "core/dispatch/timers.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/model/json_writer.h"

namespace convoke {
namespace {

// "2018-02-09T05:49:00Z"; due times are whole seconds.
std::string utc(WallTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time.time_since_epoch());
  const std::chrono::year_month_day date{std::chrono::sys_days{day}};
  const std::chrono::hh_mm_ss of_day{
      std::chrono::duration_cast<Seconds>(time.time_since_epoch() - day)};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     of_day.hours().count(), of_day.minutes().count(), of_day.seconds().count());
}

bool may_be_tried_again(const Error& why) {
  return why.code == ErrorCode::kResourceThrottled || why.code == ErrorCode::kServiceUnavailable;
}

}  // namespace

std::string timer_event(const TimerSpec& timer, WallTime due) {
  return JsonWriter()
      .object()
      .member("triggerTime", utc(due))
      .member("triggerName", timer.name)
      .member("payload", timer.payload)
      .end()
      .take();
}

Timers::Timers(const World& world, Fire fire, Alarm alarm)
    : world_(world), fire_(std::move(fire)), alarm_(std::move(alarm)) {}

void Timers::start(const std::vector<Firing>& fired) {
  for (const Firing& firing : fired) {
    WallTime& last = fired_before_[firing.trigger];
    last = std::max(last, firing.due);
  }
  for (auto& [trigger, entry] : timers_) {
    const auto before = fired_before_.find(trigger);
    if (before != fired_before_.end()) entry.done = before->second;
  }
  started_ = !stopped_;
  arm();
}

void Timers::stop() {
  started_ = false;
  stopped_ = true;
  timer_.cancel();
}

void Timers::put(TimerSpec timer) {
  const auto [at, fresh] = timers_.try_emplace(timer.trigger, Entry{std::move(timer)});
  Entry& entry = at->second;
  if (!fresh) entry.timer = std::move(timer);
  const auto before = fired_before_.find(at->first);
  if (fresh && before != fired_before_.end()) entry.done = before->second;
  entry.pause = {};
  if (!entry.under_way) wake_at(entry, entry.timer.plan.since);  // soon: then it is looked at
  arm();
}

void Timers::remove(std::uint64_t trigger) {
  const auto at = timers_.find(trigger);
  if (at == timers_.end()) return;
  wake_at(at->second, kNoWake);
  timers_.erase(at);
  arm();
}

void Timers::look() {
  const WallTime now = world_.clock.wall();
  notice_clock(now);
  for (std::size_t looked = 0; looked < kFiringsPerTurnMax && !heap_.empty(); ++looked) {
    const auto [wake, trigger] = *heap_.begin();
    if (wake > now) break;
    look_at_one(timers_.at(trigger));
  }
  arm();
}

// Put back by more than a day: timers may sleep for the time that was wrong.
void Timers::notice_clock(WallTime now) {
  if (std::exchange(looked_, now) <= now + kAheadMax) return;
  for (auto& [trigger, entry] : timers_) {
    if (entry.wake != kNoWake) wake_at(entry, now);
  }
}

void Timers::look_at_one(Entry& entry) {
  const WallTime now = world_.clock.wall();
  if (entry.done > now + kAheadMax) {
    alarm_(fmt::format("timer '{}' has fired for {}, by a clock that was wrong: that is forgotten",
                       entry.timer.name, utc(entry.done)));
    entry.done = {};
  }
  const TimerLook look = look_at(entry.timer.plan, entry.done, now);
  if (look.passed_over) {
    tell_passed_over(entry, look);
    entry.done = look.fire ? *look.fire - Millis{1} : now;
  }
  if (look.fire) return fire(entry, *look.fire);
  entry.pause = {};
  wake_at(entry, look.wake.value_or(kNoWake));
}

void Timers::tell_passed_over(const Entry& entry, const TimerLook& look) const {
  alarm_(fmt::format("timer '{}' passes over what was due from {} on{}", entry.timer.name,
                     utc(*look.passed_over),
                     look.fire ? fmt::format(", and fires for {}", utc(*look.fire)) : ""));
}

void Timers::fire(Entry& entry, WallTime due) {
  const TimerSpec& timer = entry.timer;
  entry.under_way = true;
  wake_at(entry, kNoWake);
  const Firing firing{timer.trigger, due};
  NewCall call;
  call.id = firing_id(firing);
  call.function = timer.function;
  call.qualifier = timer.qualifier;
  call.event = timer_event(timer, due);
  call.accepted = call.due = world_.clock.wall();
  fire_(std::move(call),
        [this, firing](const Result<void>& accepted) { on_answered(firing, accepted); });
}

void Timers::on_answered(const Firing& firing, const Result<void>& accepted) {
  const auto at = timers_.find(firing.trigger);
  if (accepted) ++fired_;
  if (at == timers_.end()) return;
  Entry& entry = at->second;
  entry.under_way = false;
  const WallTime now = world_.clock.wall();
  if (!accepted && may_be_tried_again(accepted.error())) {
    entry.pause = std::clamp(entry.pause * 2, kRetryFirst, kRetryMax);
    wake_at(entry, now + entry.pause);
    return arm();
  }
  if (!accepted && accepted.error().code != ErrorCode::kCallAlreadyExists) {
    alarm_(fmt::format("timer '{}' could not fire for {}: {}", entry.timer.name, utc(firing.due),
                       accepted.error().message));
  }
  entry.pause = {};
  entry.done = std::max(entry.done, firing.due);
  wake_at(entry, look_at(entry.timer.plan, entry.done, now).wake.value_or(now));
  arm();
}

void Timers::wake_at(Entry& entry, WallTime when) {
  if (entry.wake != kNoWake) heap_.erase({entry.wake, entry.timer.trigger});
  entry.wake = when;
  if (when != kNoWake) heap_.insert({when, entry.timer.trigger});
}

void Timers::arm() {
  if (!started_ || heap_.empty()) return timer_.cancel();
  const WallTime now = world_.clock.wall();
  const WallTime first = heap_.begin()->first;
  if (first <= now) return world_.wheel.schedule(timer_, Instant{});
  const Duration wait = std::min<Duration>(world_.wall_check_every, first - now);
  world_.wheel.schedule(timer_, world_.clock.now() + wait);
}

}  // namespace convoke
