// Hostile stand-ins for what an instance touches, and a virtual time to run them in.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/edge/clock.h"
#include "core/edge/io_thread.h"
#include "core/edge/rng.h"
#include "core/edge/spawner.h"
#include "core/edge/timer_wheel.h"
#include "core/edge/wires.h"
#include "workers/log_sink.h"
#include "workers/runtime_link.h"
#include "workers/worker.h"

namespace convoke::test {

class VirtualTime final : public Clock {
 public:
  [[nodiscard]] Instant now() const override { return now_; }
  [[nodiscard]] WallTime wall() const override {
    return wall_from_ms(1'700'000'000'000) +
           std::chrono::duration_cast<Millis>(now_.time_since_epoch());
  }
  // In steps of a millisecond, as the wheel ticks.
  void pass(Duration duration) {
    const Instant end = now_ + duration;
    while (now_ < end) {
      now_ = std::min(end, now_ + Duration(Millis{1}));
      wheel.advance(now_);
    }
  }
  void next_turn() { wheel.advance(now_); }

 private:
  Instant now_ = Instant{} + Seconds{1000};

 public:
  TimerWheel wheel{now_};
};

// A process that does only what the test says.
struct FakeProcess {
  SpawnRequest request;
  ProcessHandler* handler = nullptr;  // nullptr: the engine has let go of it
  std::vector<int> signals;
  std::vector<std::uint16_t> looks;
  int samples = 0;
  int drains = 0;
  std::string in_the_pipe;  // delivered by drain_output()
  bool killed_by_destruction = false;
};

class FakeSpawner final : public Spawner {
 public:
  std::unique_ptr<Process> spawn(SpawnRequest request, ProcessHandler& handler) override;
  [[nodiscard]] FakeProcess& last() { return *processes.back(); }

  std::vector<std::shared_ptr<FakeProcess>> processes;
};

// What the instance tells the dispatcher.
class RecordingListener : public InstanceListener {
 public:
  void on_ready() override {
    ++readies;
    if (when_ready) when_ready();
  }
  void on_reply(const CallId& id, Reply reply) override {
    replies.emplace_back(id, std::move(reply));
    if (when_replied) when_replied(id);
  }
  void on_gone(const Gone& why) override {
    gone = why;
    ++gones;
    if (when_gone) when_gone();
  }

  int readies = 0;
  int gones = 0;
  std::vector<std::pair<CallId, Reply>> replies;
  std::optional<Gone> gone;
  std::function<void()> when_ready;
  std::function<void(const CallId&)> when_replied;
  std::function<void()> when_gone;
};

class RecordingSink final : public LogSink {
 public:
  struct Line {
    std::optional<CallId> call;
    std::string text;
  };
  void write(const LogLine& line) override { lines.push_back({line.call, std::string(line.text)}); }
  std::vector<Line> lines;
};

// A connection or listener as the test's side sees it.
struct FakeWire {
  Address to;
  WireHandler* handler = nullptr;  // nullptr: the engine has let go of it
  std::string written;
  std::size_t never_read = 0;
  bool shut_down = false;
};

class FakeWires final : public Wires {
 public:
  std::unique_ptr<Wire> connect(const Address& to, WireHandler& handler) override;
  Result<std::unique_ptr<Listener>> listen(const Address& at, AcceptHandler& handler) override;

  // A peer connects to a listener of the engine.
  std::shared_ptr<FakeWire> accept_at(const std::string& path);

  struct Listening {
    Address at;
    AcceptHandler* handler = nullptr;  // nullptr: closed
  };
  std::vector<std::shared_ptr<FakeWire>> wires;
  std::vector<std::shared_ptr<Listening>> listeners;
  std::vector<std::uint16_t> ports_in_use;  // by other programs
  std::optional<Error> listen_fails;
};

// Runs jobs when told to, as a slow disk would.
class ManualIoThread final : public IoThread {
 public:
  void run(std::function<void()> job, std::function<void()> done) override {
    waiting.emplace_back(std::move(job), std::move(done));
  }
  void run_all() {
    for (auto& [job, done] : std::exchange(waiting, {})) {
      job();
      done();
    }
  }
  std::vector<std::pair<std::function<void()>, std::function<void()>>> waiting;
};

[[nodiscard]] CallId call_id(std::uint64_t number);
[[nodiscard]] Attempt attempt_of(const CallId& id, std::string event = "event");
[[nodiscard]] std::shared_ptr<Function> a_function(Runtime runtime);
[[nodiscard]] std::string temporary_directory();  // a new one for each call

}  // namespace convoke::test
