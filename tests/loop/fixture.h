// What the tests of this room share: a loop that turns until something is so, wires whose calls are
// written down, and a directory of one's own.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/edge/timer_wheel.h"
#include "core/loop/loop.h"
#include "core/loop/wires.h"

namespace convoke {

// Turns until `condition` holds; a test that waits for longer than this is broken, not slow.
inline void turn_until(Loop& loop, const std::function<bool()>& condition) {
  bool late = false;
  struct Alarm {
    bool* late;
    void ring() { *late = true; }
    Timer timer = timer_for<&Alarm::ring>(this);
  } alarm{&late};
  loop.timers().schedule(alarm.timer, loop.now() + Seconds{30});
  while (!condition() && !late) loop.run_one_turn();
  ASSERT_FALSE(late) << "waited in vain";
}

// Lets the closed handles go.
inline void settle(Loop& loop) {
  for (int i = 0; i < 3; ++i) {
    loop.turn_again();
    loop.run_one_turn();
  }
}

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    const char* base = std::getenv("TEST_TMPDIR");
    const std::string root =
        base != nullptr ? base : std::filesystem::temp_directory_path().string();
    std::string pattern = root + "/convoke-XXXXXX";
    if (mkdtemp(pattern.data()) == nullptr) ADD_FAILURE() << "no temporary directory";
    path_ = pattern;
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// One end of a connection. `on` runs after each callback has been noted, with its name; it may
// destroy the end's wire, or the end itself.
struct End : WireHandler {
  void on_connected() override { note("connected"); }
  void on_bytes(std::string_view bytes) override {
    received.append(bytes);
    note("bytes");
  }
  void on_drained() override { note("drained"); }
  void on_eof() override { note("eof"); }
  void on_closed(const Error& why) override {
    error = why.message;
    note("closed");
  }
  void note(const std::string& name) {
    ASSERT_FALSE(in_call) << name << " from inside a call";
    calls.push_back(name);
    const auto then = on;  // survives our destruction
    if (then) then(name);
  }
  [[nodiscard]] int count(const std::string& name) const {
    return static_cast<int>(std::count(calls.begin(), calls.end(), name));
  }
  [[nodiscard]] bool has(const std::string& name) const { return count(name) > 0; }

  std::unique_ptr<Wire> wire;
  std::string received;
  std::string error;
  std::vector<std::string> calls;
  std::function<void(const std::string&)> on;
  bool in_call = false;
};

// Keeps what it accepts. `prepare` sees each new end before it is attached.
struct Acceptor : AcceptHandler {
  void on_accept(std::unique_ptr<Wire> wire) override {
    ends.push_back(std::make_unique<End>());
    End& end = *ends.back();
    end.wire = std::move(wire);
    if (prepare) prepare(end);
    if (end.wire) end.wire->attach(end);
  }
  std::vector<std::unique_ptr<End>> ends;
  std::function<void(End&)> prepare;
};

enum class Family { kIpv4, kIpv6, kUnix };

inline std::string family_name(const testing::TestParamInfo<Family>& info) {
  if (info.param == Family::kUnix) return "Unix";
  return info.param == Family::kIpv6 ? "Ipv6" : "Ipv4";
}

// A loop with a listener of each family, and connected pairs.
class WiresTest : public testing::TestWithParam<Family> {
 protected:
  void TearDown() override {
    client_.wire.reset();
    acceptor_.ends.clear();
    listener_.reset();
    settle(loop_);
    EXPECT_EQ(loop_.active_handles(), 0U);
  }

  Address any_address() {
    if (GetParam() == Family::kUnix) return {Address::Kind::kUnix, directory_.path() + "/s", 0};
    return {Address::Kind::kTcp, GetParam() == Family::kIpv6 ? "::1" : "127.0.0.1", 0};
  }
  void listen() {
    auto listener = wires_.listen(any_address(), acceptor_);
    ASSERT_TRUE(listener.ok()) << listener.error().message;
    listener_ = std::move(listener).value();
  }
  void connect(End& end) { end.wire = wires_.connect(listener_->local_address(), end); }
  // client_ and server() are connected afterwards.
  void make_pair() {
    listen();
    connect(client_);
    turn_until(loop_, [&] { return client_.has("connected") && !acceptor_.ends.empty(); });
  }
  End& server() { return *acceptor_.ends.at(0); }

  TemporaryDirectory directory_;
  Loop loop_;
  LoopWires wires_{loop_};
  Acceptor acceptor_;
  std::unique_ptr<Listener> listener_;
  End client_;
};

}  // namespace convoke
