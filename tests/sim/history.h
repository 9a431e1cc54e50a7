// The history as an engine in the simulation has it: the real desk over the real SQLite, on a disk
// in memory, with a thread whose jobs take their virtual time.
//
// What SQLite has committed outlives engines; nothing else does. Its own faults (a write that fails
// half way) are for tests/history; here it is slow, or its disk is full.
#pragma once

#include <sqlite3.h>

#include <functional>
#include <map>
#include <memory>
#include <utility>

#include "core/api/names.h"
#include "core/edge/io_thread.h"
#include "core/history_desk.h"
#include "tests/sim/instance.h"
#include "tests/sim/stage.h"

namespace convoke::sim {

// A database in memory, for as long as this lives, whoever opens and closes it.
class HistoryDisk {
 public:
  HistoryDisk();
  ~HistoryDisk();
  HistoryDisk(const HistoryDisk&) = delete;
  HistoryDisk& operator=(const HistoryDisk&) = delete;

  [[nodiscard]] Result<std::unique_ptr<history::History>> open() const;
  void fill();  // no byte more
  void make_room();

 private:
  void limit(sqlite3_int64 bytes);
  sqlite3* kept_ = nullptr;
};

// Jobs one after the other, each when its time has come; `done` in a turn of the owner's.
class SimIoThread final : public IoThread {
 public:
  SimIoThread(Stage& stage, TurnIn turn_in) : stage_(stage), turn_in_(std::move(turn_in)) {}
  void run(std::function<void()> job, std::function<void()> done) override;

 private:
  Stage& stage_;
  const TurnIn turn_in_;
  Rng rng_ = stage_.rng.fork("history thread");
  const std::shared_ptr<int> alive_ = std::make_shared<int>(0);
  Instant free_{};
};

// Between the stores and the desk: knows how far each journal has told, and holds planted bugs.
class HistoryTap final : public history::Sink {
 public:
  using Marks = std::map<std::uint32_t, history::Mark>;
  HistoryTap(Stage& stage, history::Sink& desk) : stage_(stage), desk_(desk) {}
  void tell(history::Chapter chapter) override;
  [[nodiscard]] const Marks& told() const { return told_; }
  void deafen(bool deaf) { deaf_ = deaf; }

 private:
  Stage& stage_;
  history::Sink& desk_;
  Rng rng_ = stage_.rng.fork("planted history");
  Marks told_;
  bool deaf_ = false;
};

// Names as a shard asks the desk for them.
class SimNames final : public Names {
 public:
  SimNames(HistoryDesk& desk, ShardIndex self) : desk_(desk), self_(self) {}
  void reserve(FunctionId function, const std::string& name, Reserved reserved) override {
    desk_.reserve(function, name, self_, std::move(reserved));
  }
  void release(FunctionId function, const std::string& name) override {
    desk_.release(function, name);
  }
  [[nodiscard]] Result<void> keeps_up() const override { return desk_.keeps_up(); }

 private:
  HistoryDesk& desk_;
  const ShardIndex self_;
};

}  // namespace convoke::sim
