// An IoThread whose completions come back to a Loop.
//
// Destroying it lets every job that was handed over run to its end, waits for that, and drops the
// completions (they are destroyed on the owner's thread, not run). Whoever hands over jobs bounds
// their number.
#pragma once

#include <uv.h>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "core/edge/io_thread.h"
#include "core/loop/handle.h"
#include "core/loop/loop.h"

namespace convoke {

class LoopIoThread final : public IoThread {
 public:
  explicit LoopIoThread(Loop& loop);
  ~LoopIoThread() override;
  LoopIoThread(const LoopIoThread&) = delete;
  LoopIoThread& operator=(const LoopIoThread&) = delete;

  void run(std::function<void()> job, std::function<void()> done) override;

 private:
  struct Task {
    std::function<void()> job;
    std::function<void()> done;
  };

  void work();         // the thread
  void on_finished();  // the loop

  HandleOwner<uv_async_t> wake_;
  std::shared_ptr<bool> destroyed_;  // seen by a completion that destroys us
  std::mutex mutex_;                 // guards the members below
  std::condition_variable changed_;
  std::vector<Task> waiting_;
  std::vector<std::function<void()>> finished_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace convoke
