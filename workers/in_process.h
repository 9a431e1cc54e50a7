// Functions that are C++ callables of the embedding program, run on the shard's own thread.
//
// A handler must not block, nor throw (what it throws is swallowed, its call answered with an
// error). It answers through its InProcessReply, at once or later, on the same
// thread. Nothing can end it from outside: past the deadline its caller has an error, and its slot
// stays taken until it answers; stop() waits for its answers, too.
//
// By construction: a reply that is dropped unanswered answers with an error, so that no slot is
// ever lost; a second answer, or one after the instance has gone, does nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/edge/clock.h"
#include "core/edge/rng.h"
#include "core/edge/timer_wheel.h"
#include "workers/worker.h"

namespace convoke {

class InProcessInstance;
namespace in_process_detail {
struct Core;
}

// Valid during the call of the handler; what is needed later must be copied (attempt.event is
// shared, so that is cheap).
struct InProcessCall {
  const Attempt& attempt;
  const Function& function;
  [[nodiscard]] std::string_view event() const {
    return attempt.event != nullptr ? std::string_view(*attempt.event) : std::string_view();
  }
};

// The right to answer one call, once. Shard thread only.
class InProcessReply {
 public:
  InProcessReply(InProcessReply&& other) noexcept
      : core_(std::exchange(other.core_, nullptr)), slot_(other.slot_) {}
  InProcessReply& operator=(InProcessReply&& other) noexcept;
  InProcessReply(const InProcessReply&) = delete;
  InProcessReply& operator=(const InProcessReply&) = delete;
  ~InProcessReply();

  void succeed(std::string body);
  // The caller gets {"errorMessage", "errorType"}.
  void fail(std::string_view message, std::string_view type,
            FunctionError kind = FunctionError::kUnhandled);

 private:
  friend class InProcessInstance;
  InProcessReply(in_process_detail::Core* core, std::uint32_t slot);
  void answer(std::string body, FunctionError kind);

  in_process_detail::Core* core_;  // counted; nullptr once spent
  std::uint32_t slot_;
};

using InProcessHandler = std::function<void(const InProcessCall&, InProcessReply)>;

// Filled before the engine starts, then only read, by every shard; a handler may run on several
// shards' threads at once. Outlives the engine.
class InProcessRegistry {
 public:
  void add(std::string name, InProcessHandler handler);  // replaces
  [[nodiscard]] const InProcessHandler* find(const std::string& name) const;

 private:
  std::unordered_map<std::string, InProcessHandler> handlers_;
};

// Answers wait here until the turn's end, since a listener is never called from inside invoke().
class InProcessWorkers final : public Workers {
 public:
  InProcessWorkers(const InProcessRegistry& registry, const Clock& clock, TimerWheel& wheel,
                   Rng rng);
  ~InProcessWorkers() override;  // after its instances
  InProcessWorkers(const InProcessWorkers&) = delete;
  InProcessWorkers& operator=(const InProcessWorkers&) = delete;

  [[nodiscard]] std::unique_ptr<Instance> start(FunctionPtr function,
                                                InstanceListener& listener) override;

  // Tells listeners what has happened so far. The wheel does it in the next turn; a shard that
  // calls this where its turn ends saves that turn.
  void deliver();

 private:
  friend class InProcessInstance;
  friend class InProcessReply;
  enum class What : std::uint8_t { kReady, kReply, kGone };
  struct News {
    in_process_detail::Core* core;  // counted
    What what;
    FunctionError kind;
    CallId call;
    std::string body;
  };
  void post(News news);
  static void tell(News& news);

  const InProcessRegistry& registry_;
  const Clock& clock_;
  TimerWheel& wheel_;
  Rng rng_;
  std::vector<News> news_;
  std::vector<News> telling_;
  Timer timer_ = timer_for<&InProcessWorkers::deliver>(this);
};

}  // namespace convoke
