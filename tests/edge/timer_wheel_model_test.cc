// The wheel against the simplest thing that could be right: a list searched from end to end.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "core/edge/rng.h"
#include "core/edge/timer_wheel.h"

namespace convoke {
namespace {

constexpr Instant kStart{Duration{123'456'789}};
constexpr std::size_t kTimers = 300;
constexpr int kSteps = 5000;

std::int64_t tick_up(Instant due) {
  if (due <= kStart) return 0;
  const std::int64_t ahead = (due - kStart).count();
  return ahead / 1'000'000 + (ahead % 1'000'000 != 0 ? 1 : 0);
}

// What should fire, in the order in which it should.
class Model {
 public:
  void schedule(std::size_t id, Instant due) {
    cancel(id);
    if (due == kNever) return;
    waiting_.push_back({std::max(tick_up(due), now_), sequence_++, id});
  }
  void cancel(std::size_t id) {
    std::erase_if(waiting_, [&](const Entry& entry) { return entry.id == id; });
  }
  std::vector<std::size_t> advance(Instant now) {
    now_ = (now - kStart).count() / 1'000'000;
    const auto due = std::partition(waiting_.begin(), waiting_.end(),
                                    [this](const Entry& entry) { return entry.tick > now_; });
    std::sort(due, waiting_.end(), [](const Entry& a, const Entry& b) {
      return a.tick != b.tick ? a.tick < b.tick : a.sequence < b.sequence;
    });
    std::vector<std::size_t> fired;
    for (auto entry = due; entry != waiting_.end(); ++entry) fired.push_back(entry->id);
    waiting_.erase(due, waiting_.end());
    return fired;
  }
  [[nodiscard]] std::optional<std::int64_t> earliest_tick() const {
    const auto first =
        std::min_element(waiting_.begin(), waiting_.end(),
                         [](const Entry& a, const Entry& b) { return a.tick < b.tick; });
    if (first == waiting_.end()) return std::nullopt;
    return first->tick;
  }

 private:
  struct Entry {
    std::int64_t tick;
    std::uint64_t sequence;
    std::size_t id;
  };
  std::vector<Entry> waiting_;
  std::uint64_t sequence_ = 0;
  std::int64_t now_ = 0;
};

struct Subject {
  Subject(std::vector<std::size_t>* log, std::size_t number) : fired(log), id(number) {}
  std::vector<std::size_t>* fired;
  std::size_t id;
  Timer timer{this, [](void* self) {
                auto* subject = static_cast<Subject*>(self);
                subject->fired->push_back(subject->id);
              }};
};

class Comparison {
 public:
  Comparison(std::uint64_t seed, Duration reach) : rng_(Rng::seeded(seed)), reach_(reach) {
    for (std::size_t id = 0; id < kTimers; ++id) subjects_.push_back(fresh(id));
  }

  void run() {
    const Instant end = reach_ >= kNever - kStart ? kNever - Duration{1} : kStart + reach_;
    for (int i = 0; i < kSteps && !testing::Test::HasFailure(); ++i) {
      for (std::uint64_t changes = rng_.below(4); changes > 0; --changes) change_one();
      check_wakeup();
      // What is left of the way, spread over what is left of the steps.
      const bool jump = !wheel_.next_wakeup() || rng_.one_in(4);
      const Duration mean = (end - now_) / (kSteps - i + 2);
      step(jump ? now_ + mean * static_cast<std::int64_t>(rng_.below(3))
                : std::min(end, *wheel_.next_wakeup()));
    }
    step(end);
  }

 private:
  std::unique_ptr<Subject> fresh(std::size_t id) { return std::make_unique<Subject>(&fired_, id); }

  // Spread over all magnitudes, so that every level of the wheel is used.
  Duration some_span() {
    const std::uint64_t magnitude = rng_.below(63);
    const std::uint64_t span = rng_.next() >> magnitude >> 1;
    return Duration{static_cast<std::int64_t>(span % static_cast<std::uint64_t>(reach_.count()))};
  }

  Instant some_due() {
    if (rng_.one_in(50)) return kNever;
    if (rng_.one_in(20)) return now_ - std::min(some_span(), now_.time_since_epoch());
    const Duration span = some_span();
    return span > kNever - now_ ? kNever - Duration{1} : now_ + span;
  }

  void change_one() {
    const std::size_t id = rng_.below(kTimers);
    if (rng_.one_in(4)) {
      model_.cancel(id);
      subjects_[id]->timer.cancel();
    } else if (rng_.one_in(20)) {
      model_.cancel(id);
      subjects_[id] = fresh(id);
    } else {
      const Instant due = some_due();
      model_.schedule(id, due);
      wheel_.schedule(subjects_[id]->timer, due);
      EXPECT_EQ(subjects_[id]->timer.due(), due);
    }
  }

  void check_wakeup() {
    const auto earliest = model_.earliest_tick();
    const auto wakeup = wheel_.next_wakeup();
    ASSERT_EQ(earliest.has_value(), wakeup.has_value());
    if (earliest) {
      ASSERT_LE((*wakeup - kStart).count() / 1'000'000, *earliest);
    }
  }

  void step(Instant to) {
    now_ = std::max(now_, to);
    fired_.clear();
    const std::size_t count = wheel_.advance(now_);
    ASSERT_EQ(count, fired_.size());
    ASSERT_EQ(fired_, model_.advance(now_)) << "at " << (now_ - kStart).count();
  }

  Rng rng_;
  Duration reach_;
  Instant now_ = kStart;
  TimerWheel wheel_{kStart};
  Model model_;
  std::vector<std::size_t> fired_;
  std::vector<std::unique_ptr<Subject>> subjects_;
};

TEST(TimerWheelModel, ADayOfRandomTimersFiresAsTheModelSays) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    Comparison(seed, std::chrono::hours(24)).run();
  }
}

TEST(TimerWheelModel, SoDoesEverythingUpToTheFarEndOfTime) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    Comparison(seed, kNever - kStart).run();
  }
}

TEST(TimerWheelModel, SoDoesACrowdWithinOneSecond) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    Comparison(seed, std::chrono::seconds(1)).run();
  }
}

}  // namespace
}  // namespace convoke
