// A launcher, a loop and a spawner, as an engine with one shard has them; real processes.
#pragma once

#include <gtest/gtest.h>
#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/edge/spawner.h"
#include "core/loop/launcher_process.h"
#include "core/loop/loop.h"
#include "core/loop/spawner.h"

namespace convoke {

// Says what it heard.
class Recorder : public ProcessHandler {
 public:
  void on_spawned() override { spawned = true; }
  void on_spawn_failed(const SpawnFailure& failure) override { failed = failure; }
  void on_output(OutputStream stream, std::string_view bytes) override {
    (stream == OutputStream::kStdout ? out : err) += bytes;
  }
  void on_listener(const ListenerReport& report) override { listener = report; }
  void on_memory(double memory_peak_mb) override { memory = memory_peak_mb; }
  void on_exited(const ExitStatus& status) override { exited = status; }

  [[nodiscard]] bool has_line() const { return out.find('\n') != std::string::npos; }
  [[nodiscard]] int number() const { return std::stoi(out); }

  bool spawned = false;
  std::optional<SpawnFailure> failed;
  std::string out;
  std::string err;
  std::optional<ListenerReport> listener;
  std::optional<double> memory;
  std::optional<ExitStatus> exited;
};

class World {
 public:
  World();

  // Turns the loop until `done`; false if that takes longer than any healthy machine needs.
  [[nodiscard]] bool run_until(const std::function<bool()>& done);
  [[nodiscard]] std::unique_ptr<Process> spawn(std::vector<std::string> argv,
                                               ProcessHandler& handler);
  // The test's own program, with a variable that tells its processes from those of others.
  [[nodiscard]] std::unique_ptr<Process> spawn_child(const std::string& act,
                                                     ProcessHandler& handler);
  [[nodiscard]] Recorder run_to_end(SpawnRequest request);
  [[nodiscard]] Recorder run_shell(const std::string& script);

  std::unique_ptr<LauncherProcess> launcher;
  Loop loop;
  std::optional<LoopSpawner> spawner;

 private:
  int children_ = 0;
};

[[nodiscard]] bool is_gone(pid_t pid);  // or has ended and only waits for its parent
// Looks every few milliseconds; false if it takes longer than any healthy machine needs.
[[nodiscard]] bool await(const std::function<bool()>& done);
[[nodiscard]] std::size_t open_descriptors(pid_t pid);

class LauncherTest : public testing::Test {
 protected:
  World world_;
};

}  // namespace convoke
