#include "core/loop/loop.h"

#include <csignal>
#include <ctime>
#include <utility>

#include "core/model/error.h"

namespace convoke {
namespace {

std::int64_t read_clock(clockid_t clock) {
  timespec time{};
  ENSURE(clock_gettime(clock, &time) == 0);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

// Opening these fails only for want of descriptors or memory at start-up, when there is no way on.
template <class Handle, class Init>
void must_open(HandleOwner<Handle>& owner, void* self, Init&& init) {
  ENSURE(open_handle(owner, self, std::forward<Init>(init)) == 0);
}

}  // namespace

Instant monotonic_now() { return Instant{Duration{read_clock(CLOCK_MONOTONIC)}}; }
WallTime wall_now() { return wall_from_ms(read_clock(CLOCK_REALTIME) / 1'000'000); }

Loop::Loop() : read_buffer_(std::make_unique<char[]>(kReadBufferSize)), timers_(monotonic_now()) {
  std::signal(SIGPIPE, SIG_IGN);  // a write to a peer that has gone is an error, not our end
  ENSURE(uv_loop_init(&loop_) == 0);
  loop_.data = this;
  must_open(prepare_, this, [&](auto* handle) { return uv_prepare_init(&loop_, handle); });
  must_open(check_, this, [&](auto* handle) { return uv_check_init(&loop_, handle); });
  must_open(timer_, this, [&](auto* handle) { return uv_timer_init(&loop_, handle); });
  must_open(wake_, this, [&](auto* handle) {
    return uv_async_init(&loop_, handle,
                         [](uv_async_t* wake) { owner_of<Loop>(wake)->on_woken(); });
  });
  uv_prepare_start(prepare_.get(), [](uv_prepare_t* self) { owner_of<Loop>(self)->end_turn(); });
  uv_check_start(check_.get(), [](uv_check_t* self) { owner_of<Loop>(self)->on_polled(); });
}

Loop::~Loop() {
  ENSURE(!running_);
  work_hooks_.clear();
  flush_hooks_.clear();
  posted_.clear();
  ENSURE(active_handles() == 0);
  wake_.reset();
  timer_.reset();
  check_.reset();
  prepare_.reset();
  uv_run(&loop_, UV_RUN_DEFAULT);  // closing handles, names that nobody waits for: ends by itself
  ENSURE(uv_loop_close(&loop_) == 0);
}

void Loop::run() {
  ENSURE(!running_);
  running_ = true;
  while (!stopping_.load()) uv_run(&loop_, UV_RUN_DEFAULT);
  end_turn();
  stopping_ = false;
  running_ = false;
}

void Loop::run_one_turn() {
  ENSURE(!running_);
  running_ = true;
  uv_run(&loop_, UV_RUN_ONCE);
  end_turn();
  running_ = false;
}

void Loop::stop() {
  stopping_ = true;
  uv_async_send(wake_.get());
}

void Loop::post(std::function<void()> task) {
  {
    const std::lock_guard lock(mutex_);
    posted_.push_back(std::move(task));
  }
  uv_async_send(wake_.get());
}

void Loop::on_woken() {
  std::vector<std::function<void()>> tasks;
  {
    const std::lock_guard lock(mutex_);
    tasks.swap(posted_);
  }
  for (const auto& task : tasks) task();
}

void Loop::at_end_of_turn(EndOfTurn stage, std::function<void()> hook) {
  (stage == EndOfTurn::kWork ? work_hooks_ : flush_hooks_).push_back(std::move(hook));
}

Instant Loop::now() const {
  if (!running_) return monotonic_now();
  if (!now_) now_ = monotonic_now();
  return *now_;
}

WallTime Loop::wall() const {
  if (!running_) return wall_now();
  if (!wall_) wall_ = wall_now();
  return *wall_;
}

std::size_t Loop::active_handles() const {
  struct Count {
    const Loop* loop;
    std::size_t open = 0;
  } count{this};
  uv_walk(
      const_cast<uv_loop_t*>(&loop_),
      [](uv_handle_t* handle, void* argument) {
        auto* found = static_cast<Count*>(argument);
        if (handle->data != found->loop && uv_is_closing(handle) == 0) ++found->open;
      },
      &count);
  return count.open;
}

void Loop::on_polled() {
  timers_.advance(now());
  if (stopping_.load()) uv_stop(&loop_);
}

void Loop::end_turn() {
  for (const auto& hook : work_hooks_) hook();
  for (const auto& hook : flush_hooks_) hook();
  now_.reset();
  wall_.reset();
  arm_timer();
}

// The uv timer does nothing but end a poll in time; the wheel is advanced after every poll.
void Loop::arm_timer() {
  const std::optional<Instant> wakeup = again_ ? Instant{} : timers_.next_wakeup();
  again_ = false;
  if (!wakeup) {
    armed_for_.reset();
    uv_timer_stop(timer_.get());
    return;
  }
  if (armed_for_ == wakeup && uv_is_active(reinterpret_cast<uv_handle_t*>(timer_.get())) != 0) {
    return;
  }
  armed_for_ = wakeup;
  const Duration ahead = *wakeup - monotonic_now();
  const auto ms = ahead <= Duration{0} ? Millis{0} : std::chrono::ceil<Millis>(ahead);
  uv_update_time(&loop_);
  uv_timer_start(
      timer_.get(), [](uv_timer_t*) {}, static_cast<std::uint64_t>(ms.count()), 0);
}

}  // namespace convoke
