#include "tests/timers/timers_sim.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "core/dispatch/timers.h"
#include "core/edge/rng.h"
#include "queue/redis/entry.h"
#include "queue/redis/keys.h"
#include "queue/redis/scripts.h"
#include "tests/redis_stand_in/commands.h"
#include "tests/redis_stand_in/stream.h"

namespace convoke::timers_sim {
namespace {

// As users write them: most once a day or so, some each hour or few minutes, in zones of which some
// change their clocks in March.
constexpr std::array kZones = {"America/New_York", "Europe/Berlin", "Australia/Lord_Howe",
                               "Asia/Shanghai", "UTC"};
constexpr std::uint64_t kFunctions = 16;

std::string expression(Rng& rng) {
  const auto some = [&rng](std::uint64_t bound) { return std::to_string(rng.below(bound)); };
  const std::string zone = std::string("CRON_TZ=") + kZones[rng.below(kZones.size())] + " ";
  switch (rng.below(12)) {
    case 0:
      return "@every " + std::to_string(2 + rng.below(40)) + "h";
    case 1:
      return zone + some(60) + " " + some(60) + " */8 * * *";
    case 2:
      return zone + some(60) + " " + some(60) + " * * * SUN";
    case 3:
      return zone + "0 */20 1-3 * * SAT,SUN";
    default:
      return zone + some(60) + " " + some(60) + " " + some(5) + " * * *";
  }
}

class SimClock final : public Clock {
 public:
  SimClock(WallTime from, Millis ahead) : wall_(from + ahead) {}
  [[nodiscard]] Instant now() const override { return now_; }
  [[nodiscard]] WallTime wall() const override { return wall_; }
  void move_to(Instant then) {
    wall_ += std::chrono::duration_cast<Millis>(then - now_);
    now_ = then;
  }

 private:
  Instant now_{Seconds{1000}};
  WallTime wall_;
};

class World;

// One engine: its clock, and its timers, on one shard.
class Engine {
 public:
  Engine(World& world, WallTime from, Millis ahead) : clock(from, ahead), world_(world) {}

  void start(const std::vector<TimerSpec>& timers);
  void die() { life_.reset(); }
  [[nodiscard]] std::optional<Instant> next() const;
  void move_to(Instant then) {
    clock.move_to(then);
    if (life_) life_->wheel.advance(then);
  }

  SimClock clock;

 private:
  struct Life {
    explicit Life(Instant now) : wheel(now) {}
    TimerWheel wheel;
    std::unique_ptr<Timers> timers;
  };
  World& world_;
  std::shared_ptr<Life> life_;
};

class World {
 public:
  explicit World(const Plan& plan) : plan_(plan), rng_(Rng::seeded(plan.seed)) {
    for (std::uint64_t i = 1; i <= plan.timers; ++i) {
      timers_.push_back({i,
                         FunctionId{1 + i % kFunctions},
                         "",
                         "t" + std::to_string(i),
                         "",
                         {*Schedule::parse(expression(rng_)), plan.from, kLateMax}});
    }
    engines_.push_back(std::make_unique<Engine>(*this, plan.from, Millis{0}));
    engines_.push_back(std::make_unique<Engine>(*this, plan.from, kAhead));
  }

  Report run() {
    for (auto& engine : engines_) engine->start(timers_);
    const Instant begin = now();
    if (plan_.dies_after > Seconds{}) {
      go_until(begin + plan_.dies_after);
      engines_[0]->die();
      go_until(begin + plan_.dies_after + plan_.stays_dead);
      engines_[0]->start(timers_);
    }
    go_until(begin + plan_.lasts);
    const WallTime last = engines_[0]->clock.wall();
    go_until(now() + std::chrono::minutes{2});  // what was cut is tried again
    return judge(last);
  }

  // What is sent arrives a moment later, and so does the answer; where the connection is cut, the
  // engine learns that alone, and the server may have run it.
  void send(NewCall call, Queue::Accepted answered) {
    ++report_.tried;
    const bool cut = plan_.cut_one_in != 0 && rng_.one_in(plan_.cut_one_in);
    if (cut) ++report_.cut;
    const bool arrives = !cut || rng_.one_in(2);
    after(Millis{static_cast<std::int64_t>(rng_.below(20))},
          [this, call = std::move(call), answered = std::move(answered), cut, arrives] {
            Result<void> result = arrives ? accept(call) : Result<void>();
            if (cut) result = Error{ErrorCode::kServiceUnavailable, "the connection was cut"};
            after(Millis{1}, [answered, result] { answered(result); });
          });
  }

 private:
  static constexpr Millis kAhead{300};  // the other engine's clock

  [[nodiscard]] Instant now() const { return engines_[0]->clock.now(); }
  void after(Millis wait, std::function<void()> what) {
    agenda_.emplace(now() + wait, std::move(what));
  }
  // As RedisStore asks for it.
  Result<void> accept(const NewCall& call) {
    const redis::FunctionKeys keys("convoke", call.function);
    stand_in::Words words = {"EVAL", std::string(redis::scripts().accept.text()), "6"};
    for (const std::string& key : keys.all()) words.push_back(key);
    const Firing firing = *firing_of(call.id);
    for (const std::string& word :
         {keys.absent(), std::string("100000000"), std::string("0"),
          std::to_string(firing.trigger) + ' ' + std::to_string(to_ms(firing.due)),
          redis::encode(call)}) {
      words.push_back(word);
    }
    const stand_in::Value answer = server_.execute(session_, words, call.accepted);
    if (answer.is_error()) {
      if (report_.first_wrong.empty()) report_.first_wrong = answer.text;
      return Error{ErrorCode::kServiceUnavailable, answer.text};
    }
    if (answer.elements[0].elements[0].number == 1) return {};
    return Error{ErrorCode::kCallAlreadyExists, "it has fired"};
  }

  void go_until(Instant end) {
    while (now() < end) {
      Instant next = agenda_.empty() ? end : std::min(end, agenda_.begin()->first);
      for (auto& engine : engines_) next = std::min(next, engine->next().value_or(end));
      next = std::max(next, now());
      for (auto& engine : engines_) engine->move_to(next);
      while (!agenda_.empty() && agenda_.begin()->first <= now()) {
        const auto what = std::move(agenda_.begin()->second);
        agenda_.erase(agenda_.begin());
        what();
      }
    }
  }

  Report judge(WallTime last) {
    std::set<Firing> due;
    for (const TimerSpec& timer : timers_) {
      auto at = timer.plan.schedule.next(plan_.from, plan_.from);
      for (; at && *at <= last; at = timer.plan.schedule.next(*at, plan_.from)) {
        due.insert({timer.trigger, *at});
      }
    }
    report_.due = due.size();
    const std::map<Firing, std::uint64_t> calls = accepted();
    for (const auto& [firing, times] : calls) {
      if (firing.due > last) continue;
      report_.fired += times;
      report_.repeated += times - 1;
      if (due.count(firing) == 0) note(report_.unasked, firing, "was not due");
      if (times > 1) note_first(firing, "fired twice");
    }
    for (const Firing& firing : due) {
      if (calls.count(firing) == 0) note(report_.missing, firing, "did not fire");
    }
    return report_;
  }
  // Nobody takes them: each call that was accepted is in its function's stream.
  std::map<Firing, std::uint64_t> accepted() {
    std::map<Firing, std::uint64_t> calls;
    for (std::uint64_t function = 1; function <= kFunctions; ++function) {
      const redis::FunctionKeys keys("convoke", FunctionId{function});
      const auto* const stream = server_.data().find<stand_in::Stream>(keys.all()[0]);
      if (stream == nullptr) continue;
      for (const auto& [place, fields] : stream->entries) {
        const auto head = redis::parse_entry(fields.back())->head;
        const Firing firing = *firing_of(head.id);
        ++calls[firing];
        report_.latest = std::max(report_.latest, head.accepted - firing.due);
      }
    }
    return calls;
  }
  void note(std::uint64_t& count, const Firing& firing, const char* what) {
    ++count;
    note_first(firing, what);
  }
  void note_first(const Firing& firing, const char* what) {
    if (!report_.first_wrong.empty()) return;
    report_.first_wrong = "timer " + std::to_string(firing.trigger) + " at " +
                          std::to_string(to_ms(firing.due)) + " " + what;
  }

  const Plan plan_;
  Rng rng_;
  std::vector<TimerSpec> timers_;
  std::vector<std::unique_ptr<Engine>> engines_;
  std::multimap<Instant, std::function<void()>> agenda_;
  stand_in::Commands server_;
  stand_in::Session session_;
  Report report_;
};

std::optional<Instant> Engine::next() const {
  return life_ ? life_->wheel.next_wakeup() : std::nullopt;
}

void Engine::start(const std::vector<TimerSpec>& timers) {
  life_ = std::make_shared<Life>(clock.now());
  life_->timers = std::make_unique<Timers>(
      Timers::World{clock, life_->wheel, std::chrono::hours{24}},
      [this](NewCall call, Queue::Accepted answered) {
        // An answer finds its engine, or nobody.
        world_.send(std::move(call), [answered = std::move(answered),
                                      alive = std::weak_ptr<Life>(life_)](const Result<void>& is) {
          if (!alive.expired()) answered(is);
        });
      },
      [](std::string_view) {});
  for (const TimerSpec& timer : timers) life_->timers->put(timer);
  life_->timers->start({});
}

}  // namespace

Report run(const Plan& plan) { return World(plan).run(); }

}  // namespace convoke::timers_sim
