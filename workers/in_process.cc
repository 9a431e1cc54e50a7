#include "workers/in_process.h"

#include "workers/instance_id.h"
#include "workers/start_errors.h"

namespace convoke {
namespace in_process_detail {

// What replies hold on to; lives as long as any of them. Counted without atomics: one thread.
struct Core {
  std::uint32_t holders = 1;              // the instance is the first
  InProcessInstance* instance = nullptr;  // nullptr: gone
};

}  // namespace in_process_detail

using in_process_detail::Core;

namespace {

Core* hold(Core* core) {
  ++core->holders;
  return core;
}

void release(Core* core) {
  if (--core->holders == 0) delete core;
}

}  // namespace

class InProcessInstance final : public Instance {
 public:
  InProcessInstance(FunctionPtr function, const InProcessHandler* handler, std::string id,
                    InProcessWorkers& workers, InstanceListener& listener)
      : function_(std::move(function)),
        handler_(handler),
        id_(std::move(id)),
        workers_(workers),
        listener_(listener),
        core_(new Core) {
    core_->instance = this;
    calls_.resize(function_->spec.instance_concurrency);
    for (std::uint32_t slot = function_->spec.instance_concurrency; slot > 0; --slot) {
      free_.push_back(slot - 1);
    }
    post(handler_ != nullptr ? InProcessWorkers::What::kReady : InProcessWorkers::What::kGone);
  }
  ~InProcessInstance() override {
    core_->instance = nullptr;
    release(core_);
  }
  InProcessInstance(const InProcessInstance&) = delete;
  InProcessInstance& operator=(const InProcessInstance&) = delete;

  void invoke(Attempt attempt) override {
    ENSURE(!free_.empty());
    const std::uint32_t slot = free_.back();
    free_.pop_back();
    calls_[slot] = attempt.id;
    try {
      (*handler_)(InProcessCall{attempt, *function_}, InProcessReply(core_, slot));
    } catch (...) {  // it stops here; its reply, if not kept, has answered by being dropped
    }
  }

  void stop(StopHow /*how*/) override {
    if (std::exchange(stopping_, true)) return;
    if (handler_ != nullptr && nothing_inside()) post(InProcessWorkers::What::kGone);
  }

  [[nodiscard]] const std::string& id() const override { return id_; }
  [[nodiscard]] double memory_peak_mb() const override { return 0; }  // not its own to measure

  void answered(std::uint32_t slot, std::string body, FunctionError kind) {
    free_.push_back(slot);  // the listener hears of it later, and invokes no sooner
    workers_.post(
        {hold(core_), InProcessWorkers::What::kReply, kind, calls_[slot], std::move(body)});
    if (stopping_ && nothing_inside()) post(InProcessWorkers::What::kGone);
  }

  void tell_ready() {
    if (!stopping_) listener_.on_ready();
  }
  void tell_reply(const CallId& call, std::string body, FunctionError kind) {
    Reply reply;
    reply.body = std::move(body);
    reply.function_error = kind;
    listener_.on_reply(call, std::move(reply));
  }
  void tell_gone() {
    Gone gone;
    if (handler_ == nullptr) {
      gone.reason = GoneReason::kStartFailed;
      gone.error = {ErrorCode::kFunctionNotStarted,
                    "no in-process handler is registered as '" + function_->spec.handler + "'"};
    }
    listener_.on_gone(gone);
  }

 private:
  [[nodiscard]] bool nothing_inside() const { return free_.size() == calls_.size(); }
  void post(InProcessWorkers::What what) {
    workers_.post({hold(core_), what, FunctionError::kNone, CallId{}, {}});
  }

  const FunctionPtr function_;
  const InProcessHandler* const handler_;  // nullptr: not registered
  const std::string id_;
  InProcessWorkers& workers_;
  InstanceListener& listener_;
  Core* const core_;
  std::vector<CallId> calls_;  // by slot
  std::vector<std::uint32_t> free_;
  bool stopping_ = false;
};

InProcessReply::InProcessReply(Core* core, std::uint32_t slot) : core_(hold(core)), slot_(slot) {}

InProcessReply& InProcessReply::operator=(InProcessReply&& other) noexcept {
  std::swap(core_, other.core_);  // what was ours goes with `other`
  std::swap(slot_, other.slot_);
  return *this;
}

InProcessReply::~InProcessReply() {
  if (core_ != nullptr) fail("the handler dropped the call without an answer", "NoAnswer");
}

void InProcessReply::succeed(std::string body) { answer(std::move(body), FunctionError::kNone); }

void InProcessReply::fail(std::string_view message, std::string_view type, FunctionError kind) {
  answer(function_error_body(message, type), kind);
}

void InProcessReply::answer(std::string body, FunctionError kind) {
  Core* const core = std::exchange(core_, nullptr);
  if (core == nullptr) return;
  if (core->instance != nullptr) core->instance->answered(slot_, std::move(body), kind);
  release(core);
}

void InProcessRegistry::add(std::string name, InProcessHandler handler) {
  handlers_.insert_or_assign(std::move(name), std::move(handler));
}

const InProcessHandler* InProcessRegistry::find(const std::string& name) const {
  const auto handler = handlers_.find(name);
  return handler == handlers_.end() ? nullptr : &handler->second;
}

InProcessWorkers::InProcessWorkers(const InProcessRegistry& registry, const Clock& clock,
                                   TimerWheel& wheel, Rng rng)
    : registry_(registry), clock_(clock), wheel_(wheel), rng_(rng) {}

InProcessWorkers::~InProcessWorkers() {
  for (const News& news : news_) release(news.core);
}

std::unique_ptr<Instance> InProcessWorkers::start(FunctionPtr function,
                                                  InstanceListener& listener) {
  const InProcessHandler* const handler = registry_.find(function->spec.handler);
  return std::make_unique<InProcessInstance>(std::move(function), handler, new_instance_id(rng_),
                                             *this, listener);
}

void InProcessWorkers::post(News news) {
  if (!timer_.scheduled()) wheel_.schedule(timer_, clock_.now());
  news_.push_back(std::move(news));
}

// One round: what is posted meanwhile waits for the next, so that a busy instance cannot hold the
// loop.
void InProcessWorkers::deliver() {
  if (!telling_.empty()) return;  // called from inside a listener
  timer_.cancel();
  telling_.swap(news_);
  for (News& news : telling_) tell(news);
  telling_.clear();
}

void InProcessWorkers::tell(News& news) {
  if (InProcessInstance* const instance = news.core->instance; instance != nullptr) {
    switch (news.what) {
      case What::kReady:
        instance->tell_ready();
        break;
      case What::kReply:
        instance->tell_reply(news.call, std::move(news.body), news.kind);
        break;
      case What::kGone:
        instance->tell_gone();
        break;
    }
  }
  release(news.core);
}

}  // namespace convoke
