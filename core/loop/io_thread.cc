#include "core/loop/io_thread.h"

#include <utility>

#include "core/model/error.h"

namespace convoke {

LoopIoThread::LoopIoThread(Loop& loop) : destroyed_(std::make_shared<bool>(false)) {
  const int status = open_handle(wake_, this, [&](uv_async_t* handle) {
    return uv_async_init(loop.uv(), handle, [](uv_async_t* wake) {
      if (auto* owner = owner_of<LoopIoThread>(wake)) owner->on_finished();
    });
  });
  ENSURE(status == 0);
  thread_ = std::thread([this] { work(); });
}

LoopIoThread::~LoopIoThread() {
  *destroyed_ = true;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void LoopIoThread::run(std::function<void()> job, std::function<void()> done) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back({std::move(job), std::move(done)});
  }
  changed_.notify_one();
}

void LoopIoThread::work() {
  std::vector<Task> tasks;
  while (true) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
      tasks.swap(waiting_);
    }
    for (Task& task : tasks) {
      task.job();
      task.job = nullptr;
      const std::lock_guard lock(mutex_);
      finished_.push_back(std::move(task.done));
      uv_async_send(wake_.get());
    }
    tasks.clear();
  }
}

void LoopIoThread::on_finished() {
  std::vector<std::function<void()>> finished;
  {
    const std::lock_guard lock(mutex_);
    finished.swap(finished_);
  }
  const std::shared_ptr<bool> destroyed = destroyed_;
  for (const auto& done : finished) {
    if (*destroyed) return;
    done();
  }
}

}  // namespace convoke
