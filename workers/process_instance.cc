#include "workers/process_instance.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>

#include "workers/start_errors.h"

namespace convoke {
namespace {

constexpr std::string_view kInstanceGone =
    "the instance was taken away before the call had ended; it may have run in part";
constexpr std::string_view kNotHandedOver =
    "the instance went away before the call was handed to it; it has not run";

Error not_handed_over() {
  return Error{ErrorCode::kServiceUnavailable, std::string(kNotHandedOver)};
}

}  // namespace

ProcessInstance::ProcessInstance(FunctionPtr function, std::string id,
                                 const CallId& initializer_call, std::unique_ptr<RuntimeLink> link,
                                 const InstanceEdge& edge, InstanceListener& listener)
    : function_(std::move(function)),
      id_(std::move(id)),
      initializer_call_(initializer_call),
      edge_(edge),
      listener_(listener),
      lines_(function_->id, id_, edge.clock, edge.log),
      link_(std::move(link)) {}

ProcessInstance::~ProcessInstance() = default;

// ---- starting

void ProcessInstance::start() {
  started_at_ = edge_.clock.now();
  Result<SpawnRequest> request = link_->open(*this);
  if (!request.ok()) {
    start_error_ = request.error();
    edge_.wheel.schedule(later_, started_at_);  // on_gone never from inside start()
    return;
  }
  edge_.wheel.schedule(phase_limit_, started_at_ + kInstanceStartMax);
  process_ = edge_.spawner.spawn(std::move(*request), *this);
}

void ProcessInstance::on_spawned() {
  phase_ = Phase::kConnecting;
  if (stop_asked_.has_value()) return send_stop();
  if (link_is_broken_) return process_->signal_group(SIGKILL);
  link_->spawned(*process_);
  if (link_up_early_.has_value()) link_up(*link_up_early_);
}

void ProcessInstance::on_spawn_failed(const SpawnFailure& failure) {
  start_error_ = link_->spawn_error(failure);
  go(stop_asked_.has_value() ? GoneReason::kStopped : GoneReason::kStartFailed);
}

void ProcessInstance::on_listener(const ListenerReport& report) {
  note_memory(report.memory_peak_mb);
  if (is_at(Phase::kConnecting)) link_->on_listener(report);
}

void ProcessInstance::link_up(double memory_peak_mb) {
  // The program's own voice can be faster than the launcher's.
  if (phase_ == Phase::kSpawning) link_up_early_ = memory_peak_mb;
  if (!is_at(Phase::kConnecting)) return;
  note_memory(memory_peak_mb);
  if (memory_peak_mb_ > 0) return initialize();
  phase_ = Phase::kSampling;
  process_->sample_memory();
}

void ProcessInstance::link_failed(const std::string& reason) {
  if (!is_at(Phase::kConnecting)) return;
  fail_start(function_not_started(age(), reason, lines_.start_log()));
}

void ProcessInstance::on_memory(double memory_peak_mb) {
  note_memory(memory_peak_mb);
  if (is_at(Phase::kSampling)) initialize();
}

void ProcessInstance::note_memory(double memory_peak_mb) {
  memory_peak_mb_ = std::max(memory_peak_mb_, memory_peak_mb);
  memory_sampled_at_ = edge_.clock.now();
}

void ProcessInstance::initialize() {
  if (function_->spec.initializer.empty()) return become_ready();
  phase_ = Phase::kInitializing;
  edge_.wheel.schedule(phase_limit_, edge_.clock.now() + function_->spec.initialization_timeout);
  link_->initialize(initializer_call_);
}

void ProcessInstance::initialized(std::optional<std::string> error_body) {
  if (!is_at(Phase::kInitializing)) return;
  initializer_error_ = std::move(error_body);
  become_ready();
}

void ProcessInstance::initializer_lost(std::string error_body) {
  if (!is_at(Phase::kInitializing)) return;
  initializer_lost_ = std::move(error_body);
  edge_.wheel.schedule(verdict_, edge_.clock.now() + kVerdictMax);
}

void ProcessInstance::become_ready() {
  phase_ = Phase::kReady;
  phase_limit_.cancel();
  lines_.started();
  listener_.on_ready();
}

void ProcessInstance::on_phase_limit() {
  if (phase_ == Phase::kInitializing) {
    initializer_error_ = function_error_body(
        fmt::format("Function instance initialization timed out after {} seconds "
                    "(maxMemoryUsage: {:.2f}MB)",
                    function_->spec.initialization_timeout.count(), memory_peak_mb_),
        "InitializationTimeout");
    return become_ready();
  }
  const std::string reason = phase_ == Phase::kSpawning
                                 ? "The process was not started within 120 seconds."
                                 : link_->waiting_for();
  fail_start(function_not_started(age(), reason, lines_.start_log()));
}

void ProcessInstance::fail_start(Error error) {
  start_error_ = std::move(error);
  phase_limit_.cancel();
  if (phase_ == Phase::kSpawning) {
    process_.reset();  // should it come to life after all, it is killed
    return go(GoneReason::kStartFailed);
  }
  process_->signal_group(SIGKILL);  // on_exited tells the rest
}

// ---- calls

void ProcessInstance::invoke(Attempt attempt) {
  if (phase_ == Phase::kGone || initializer_error_.has_value()) {
    not_handed_over_.push_back(attempt.id);
    edge_.wheel.schedule(later_, edge_.clock.now());
    return;
  }
  ENSURE(phase_ == Phase::kReady);
  ENSURE(inside_.size() < function_->spec.instance_concurrency);
  const KeepTail keep = attempt.wants_log_tail ? KeepTail::kYes : KeepTail::kNo;
  inside_.push_back({attempt.id, edge_.clock.now(), keep, std::nullopt, Begun::kPerhaps});
  lines_.begin_call(attempt.id, keep);
  if (exited_.has_value() || link_is_broken_) {
    inside_.back().lost = not_handed_over();
    inside_.back().begun = Begun::kCertainlyNot;
    return;
  }
  link_->invoke(attempt);
}

void ProcessInstance::answered(const CallId& id, std::string body, FunctionError kind) {
  Reply reply;
  reply.body = std::move(body);
  reply.function_error = kind;
  finish_call(id, std::move(reply));
}

void ProcessInstance::answered_http(const CallId& id, http::Response response) {
  Reply reply;
  reply.body = std::move(response.body);
  reply.http = std::make_shared<const http::Response>(std::move(response));
  finish_call(id, std::move(reply));
}

void ProcessInstance::answered_badly(const CallId& id, const Error& error) {
  Reply reply;
  reply.system_error = error;
  finish_call(id, std::move(reply));
}

void ProcessInstance::finish_call(const CallId& id, Reply reply) {
  Inside* const call = find(id);
  if (call == nullptr) return;  // answered before: a second answer changes nothing
  drain_for(*call);
  reply.memory_peak_mb = memory_peak_mb_;
  reply.log_tail = lines_.end_call(id);
  reply.instance_is_going = exited_.has_value() || link_is_broken_;
  inside_.erase(inside_.begin() + (call - inside_.data()));
  const Instant now = edge_.clock.now();
  if (process_lives() && now - memory_sampled_at_ >= kMemorySampleAge) {
    memory_sampled_at_ = now;
    process_->sample_memory();
  }
  const bool exit_settled = exited_.has_value() && all_lost();
  listener_.on_reply(id, std::move(reply));
  if (exit_settled) conclude_exit();
}

// A reply must not overtake what its call wrote. A quiet function is spared the system calls.
void ProcessInstance::drain_for(const Inside& call) {
  if (!process_lives()) return;
  const bool wrote = std::exchange(talkative_, false);
  if (wrote || call.keep_tail == KeepTail::kYes) process_->drain_output();
  talkative_ = talkative_ || (wrote && inside_.size() > 1);
}

void ProcessInstance::on_output(OutputStream stream, std::string_view bytes) {
  talkative_ = true;
  lines_.bytes(stream, bytes);
}

ProcessInstance::Inside* ProcessInstance::find(const CallId& id) {
  const auto call = std::find_if(inside_.begin(), inside_.end(),
                                 [&id](const Inside& inside) { return inside.id == id; });
  return call == inside_.end() ? nullptr : &*call;
}

// ---- the two signs of a dying process

void ProcessInstance::lost(const CallId& id, const Error& error, Begun begun) {
  Inside* const call = find(id);
  if (call == nullptr) return;
  call->lost = error;
  call->begun = begun;
  if (exited_.has_value()) {
    if (all_lost()) conclude_exit();
    return;
  }
  if (verdict_.scheduled()) return;
  const Duration patience = begun == Begun::kCertainlyNot ? kUnbegunVerdictMax : kVerdictMax;
  edge_.wheel.schedule(verdict_, edge_.clock.now() + patience);
}

void ProcessInstance::link_broken(const std::vector<CallId>& unread) {
  if (link_is_broken_) return;
  link_is_broken_ = true;
  for (Inside& call : inside_) {
    if (!call.lost) call.lost = Error{ErrorCode::kBadResponse, "the link is broken"};
    if (std::find(unread.begin(), unread.end(), call.id) != unread.end()) {
      call.begun = Begun::kCertainlyNot;
    }
  }
  if (verdict_.scheduled() && exited_) edge_.wheel.schedule(verdict_, edge_.clock.now());
  if (phase_ == Phase::kSpawning || !process_lives()) return;
  process_->signal_group(SIGKILL);  // on_exited tells the rest
}

void ProcessInstance::on_exited(const ExitStatus& status) {
  lines_.flush();
  exited_ = status;
  term_grace_.cancel();
  phase_limit_.cancel();
  if (phase_ != Phase::kReady) {
    if (!start_error_.has_value()) start_error_ = ca_exited(status, age(), lines_.start_log());
    return go(stop_asked_.has_value() ? GoneReason::kStopped : GoneReason::kStartFailed);
  }
  if (all_lost()) return conclude_exit();
  edge_.wheel.schedule(verdict_, edge_.clock.now() + kVerdictMax);  // answers may be on their way
}

bool ProcessInstance::all_lost() const {
  return std::all_of(inside_.begin(), inside_.end(),
                     [](const Inside& call) { return call.lost.has_value(); });
}

void ProcessInstance::on_verdict_due() {
  if (exited_.has_value()) return conclude_exit();
  // It lives: the connection was all that went.
  if (phase_ == Phase::kInitializing) return initialized(std::move(initializer_lost_));
  std::vector<std::pair<CallId, Error>> lost_calls;
  for (const Inside& call : inside_) {
    if (call.lost.has_value()) lost_calls.emplace_back(call.id, *call.lost);
  }
  for (const auto& [id, error] : lost_calls) answered_badly(id, error);
}

Reply ProcessInstance::reply_of_the_dead(const Inside& call) const {
  Reply reply;
  if (stop_asked_.has_value()) {
    reply.system_error = Error{ErrorCode::kServiceUnavailable, std::string(kInstanceGone)};
  } else if (call.begun == Begun::kCertainlyNot) {
    reply.system_error = not_handed_over();
    reply.never_began = true;
  } else {
    reply.body = process_exited_body(edge_.clock.now() - call.since, memory_peak_mb_);
    reply.function_error = FunctionError::kUnhandled;
  }
  reply.memory_peak_mb = memory_peak_mb_;
  return reply;
}

void ProcessInstance::conclude_exit() {
  if (phase_ == Phase::kGone) return;
  phase_ = Phase::kGone;
  const std::vector<Inside> calls = std::exchange(inside_, {});
  for (const Inside& call : calls) {
    Reply reply = reply_of_the_dead(call);
    reply.log_tail = lines_.end_call(call.id);
    reply.instance_is_going = true;
    listener_.on_reply(call.id, std::move(reply));
  }
  while (!not_handed_over_.empty()) {
    answer_not_handed_over(std::exchange(not_handed_over_, {}));
  }
  go(stop_asked_.has_value() ? GoneReason::kStopped : GoneReason::kExited);
}

// ---- stopping and going

void ProcessInstance::stop(StopHow how) {
  if (phase_ == Phase::kGone || exited_.has_value()) return;
  if (stop_asked_ == StopHow::kKill || stop_asked_ == how) return;
  stop_asked_ = how;
  phase_limit_.cancel();
  if (process_ != nullptr && phase_ != Phase::kSpawning) send_stop();
}

void ProcessInstance::send_stop() {
  if (*stop_asked_ == StopHow::kKill) {
    term_grace_.cancel();
    process_->signal_group(SIGKILL);
    return;
  }
  process_->signal_group(SIGTERM);
  edge_.wheel.schedule(term_grace_, edge_.clock.now() + kTermGrace);
}

void ProcessInstance::on_term_grace_over() { process_->signal_group(SIGKILL); }

void ProcessInstance::on_later() {
  if (process_ == nullptr) return go(GoneReason::kStartFailed);
  answer_not_handed_over(std::exchange(not_handed_over_, {}));
  if (process_lives()) process_->signal_group(SIGKILL);  // a failed initializer has been told
}

// Calls that never reached the program.
void ProcessInstance::answer_not_handed_over(const std::vector<CallId>& ids) {
  for (const CallId& id : ids) {
    Reply reply;
    if (initializer_error_.has_value()) {
      reply.body = *initializer_error_;
      reply.function_error = FunctionError::kUnhandled;
    } else {
      reply.system_error = not_handed_over();
      reply.never_began = true;
    }
    reply.memory_peak_mb = memory_peak_mb_;
    reply.instance_is_going = true;
    listener_.on_reply(id, std::move(reply));
  }
}

void ProcessInstance::go(GoneReason reason) {
  phase_ = Phase::kGone;
  verdict_.cancel();
  later_.cancel();
  Gone gone;
  gone.reason = reason;
  if (reason == GoneReason::kStartFailed) gone.error = *start_error_;
  listener_.on_gone(gone);  // may destroy this
}

}  // namespace convoke
