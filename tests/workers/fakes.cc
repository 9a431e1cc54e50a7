#include "tests/workers/fakes.h"

#include <algorithm>
#include <cstdlib>

namespace convoke::test {
namespace {

class ProcessEnd final : public Process {
 public:
  explicit ProcessEnd(std::shared_ptr<FakeProcess> process) : process_(std::move(process)) {}
  ~ProcessEnd() override {
    process_->handler = nullptr;
    process_->killed_by_destruction = true;
  }
  void signal_group(int signal) override { process_->signals.push_back(signal); }
  void look_for_listener(std::uint16_t port) override { process_->looks.push_back(port); }
  void sample_memory() override { ++process_->samples; }
  void drain_output() override {
    ++process_->drains;
    const std::string bytes = std::exchange(process_->in_the_pipe, {});
    if (!bytes.empty()) process_->handler->on_output(OutputStream::kStdout, bytes);
  }

 private:
  std::shared_ptr<FakeProcess> process_;
};

class WireEnd final : public Wire {
 public:
  explicit WireEnd(std::shared_ptr<FakeWire> wire) : wire_(std::move(wire)) {}
  ~WireEnd() override { wire_->handler = nullptr; }
  void attach(WireHandler& handler) override { wire_->handler = &handler; }
  void write(std::string bytes) override { wire_->written += bytes; }
  [[nodiscard]] std::size_t buffered() const override { return 0; }
  [[nodiscard]] std::size_t never_read() const override { return wire_->never_read; }
  void pause_reading() override {}
  void resume_reading() override {}
  void shutdown() override { wire_->shut_down = true; }
  [[nodiscard]] std::string peer() const override { return "fake"; }

 private:
  std::shared_ptr<FakeWire> wire_;
};

class ListenerEnd final : public Listener {
 public:
  explicit ListenerEnd(std::shared_ptr<FakeWires::Listening> listening)
      : listening_(std::move(listening)) {}
  ~ListenerEnd() override { listening_->handler = nullptr; }
  [[nodiscard]] Address local_address() const override { return listening_->at; }

 private:
  std::shared_ptr<FakeWires::Listening> listening_;
};

}  // namespace

std::unique_ptr<Process> FakeSpawner::spawn(SpawnRequest request, ProcessHandler& handler) {
  auto process = std::make_shared<FakeProcess>();
  process->request = std::move(request);
  process->handler = &handler;
  processes.push_back(process);
  return std::make_unique<ProcessEnd>(process);
}

std::unique_ptr<Wire> FakeWires::connect(const Address& to, WireHandler& handler) {
  auto wire = std::make_shared<FakeWire>();
  wire->to = to;
  wire->handler = &handler;
  wires.push_back(wire);
  return std::make_unique<WireEnd>(wire);
}

Result<std::unique_ptr<Listener>> FakeWires::listen(const Address& at, AcceptHandler& handler) {
  if (listen_fails.has_value()) return *listen_fails;
  if (std::find(ports_in_use.begin(), ports_in_use.end(), at.port) != ports_in_use.end()) {
    return Error{ErrorCode::kInternalServerError, "address in use"};
  }
  auto listening = std::make_shared<Listening>(Listening{at, &handler});
  listeners.push_back(listening);
  return std::unique_ptr<Listener>(std::make_unique<ListenerEnd>(listening));
}

std::shared_ptr<FakeWire> FakeWires::accept_at(const std::string& path) {
  for (const auto& listening : listeners) {
    if (listening->handler == nullptr || listening->at.host != path) continue;
    auto wire = std::make_shared<FakeWire>();
    wires.push_back(wire);
    listening->handler->on_accept(std::make_unique<WireEnd>(wire));
    return wire;
  }
  return nullptr;
}

CallId call_id(std::uint64_t number) { return CallId::from_random(0x1234567890abcdefULL, number); }

Attempt attempt_of(const CallId& id, std::string event) {
  Attempt attempt;
  attempt.id = id;
  attempt.event = std::make_shared<const std::string>(std::move(event));
  attempt.time_left = Seconds{3};
  return attempt;
}

std::shared_ptr<Function> a_function(Runtime runtime) {
  auto function = std::make_shared<Function>();
  function->id = FunctionId{7};
  function->spec.service = "shop";
  function->spec.name = "resize";
  function->spec.runtime = runtime;
  function->spec.handler = "index.handler";
  function->code.directory = "/code/7";
  return function;
}

std::string temporary_directory() {
  const char* base = std::getenv("TEST_TMPDIR");
  std::string path = std::string(base != nullptr ? base : "/tmp") + "/workersXXXXXX";
  return mkdtemp(path.data()) != nullptr ? path : std::string();
}

}  // namespace convoke::test
