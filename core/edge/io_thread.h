// A thread beside the loop, for work that blocks: disk, SQLite, unpacking code.
//
// Jobs of one IoThread run in order, one at a time. `done` runs on the owner's thread in a later
// turn; it is dropped, not run, if the IoThread is destroyed first (the job itself is finished:
// the destructor waits for it).
#pragma once

#include <functional>

namespace convoke {

class IoThread {
 public:
  virtual ~IoThread() = default;
  virtual void run(std::function<void()> job, std::function<void()> done) = 0;
};

}  // namespace convoke
