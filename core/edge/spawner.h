// Processes of functions, started and watched by the launcher: a small process of ours that does
// the forking (from a shard it would hold the loop), looks into /proc, and kills every process it
// started when the engine ends, however it ends.
//
// Threads: belongs to one shard; callbacks run on its thread, never from inside a call made here.
// Lifetime: destroying a Process kills its whole group (SIGKILL) and promises silence.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/error.h"

namespace convoke {

struct SpawnRequest {
  std::vector<std::string> argv;         // argv[0] is the path of the executable, absolute
  std::vector<std::string> environment;  // "KEY=value": all that the child gets
  std::string working_directory;
};

struct SpawnFailure {
  int errno_value = 0;  // EACCES: no execute bit; ENOENT: no such file; ENOEXEC: not an executable
  std::string step;     // "exec", "fork", "chdir"
};

struct ExitStatus {
  int code = 0;    // exit code, when signal is 0
  int signal = 0;  // the signal that ended it, or 0
};

enum class OutputStream : std::uint8_t { kStdout, kStderr };

// Who listens on the port that an instance was given.
struct ListenerReport {
  enum class Owner : std::uint8_t { kNobody, kGroup, kStranger };
  Owner owner = Owner::kNobody;
  std::vector<std::uint16_t> group_ports;  // TCP ports on which the group itself listens
  double memory_peak_mb = 0;               // the group's, as for memory()
};

class ProcessHandler {
 public:
  virtual ~ProcessHandler() = default;
  virtual void on_spawned() = 0;
  virtual void on_spawn_failed(const SpawnFailure& failure) = 0;  // last call
  virtual void on_output(OutputStream stream, std::string_view bytes) = 0;
  virtual void on_listener(const ListenerReport& report) = 0;  // answers look_for_listener
  virtual void on_memory(double memory_peak_mb) = 0;           // answers sample_memory
  // The first process has ended and what its pipes held has been delivered. Others of its group
  // have been killed. Last call.
  virtual void on_exited(const ExitStatus& status) = 0;
};

class Process {
 public:
  virtual ~Process() = default;
  virtual void signal_group(int signal) = 0;
  virtual void look_for_listener(std::uint16_t port) = 0;
  virtual void sample_memory() = 0;  // sum over the group of each process' peak resident size
  // Delivers, from inside this call, what the pipes hold right now (the one exception to the rule
  // above): so that a reply's log tail is complete.
  virtual void drain_output() = 0;
};

class Spawner {
 public:
  virtual ~Spawner() = default;
  [[nodiscard]] virtual std::unique_ptr<Process> spawn(SpawnRequest request,
                                                       ProcessHandler& handler) = 0;
};

}  // namespace convoke
