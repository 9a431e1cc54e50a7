// An instance that is a process group: its life from spawn to exit, whatever its link speaks.
//
//   spawning -> connecting -> sampling -> initializing -> ready -> (exited) -> gone
//       \___________\____________\____________\_____________\____ stop() / failure ____^
//
// What it decides by itself: the start-up limit, the initializer's timeout, SIGTERM then SIGKILL,
// when to sample memory, and whether a call whose connection went was the victim of a dying
// process. A failed initializer makes an instance that answers its calls with that failure, then
// ends.
//
// It may be destroyed from inside on_gone, not from inside the other callbacks.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/edge/clock.h"
#include "core/edge/spawner.h"
#include "core/edge/timer_wheel.h"
#include "workers/log_sink.h"
#include "workers/output_lines.h"
#include "workers/runtime_link.h"
#include "workers/worker.h"

namespace convoke {

inline constexpr Duration kTermGrace = Millis{500};  // from SIGTERM to SIGKILL
// A dying process shows itself twice, by its connection and by its exit, in either order. How long
// the one waits for the other.
inline constexpr Duration kVerdictMax = Millis{100};
// The same for a call that has certainly not begun: it has a future on another instance if this one
// is dead, and a machine under load is late to say so.
inline constexpr Duration kUnbegunVerdictMax = Seconds{2};
inline constexpr Duration kMemorySampleAge = Seconds{1};  // older: sampled again after a call

// What an instance touches; all of it outlives the instance.
struct InstanceEdge {
  const Clock& clock;
  TimerWheel& wheel;
  Spawner& spawner;
  LogSink& log;
};

class ProcessInstance final : public Instance, private ProcessHandler, private LinkHost {
 public:
  // `initializer_call` is the request id that the initializer sees.
  ProcessInstance(FunctionPtr function, std::string id, const CallId& initializer_call,
                  std::unique_ptr<RuntimeLink> link, const InstanceEdge& edge,
                  InstanceListener& listener);
  ~ProcessInstance() override;
  ProcessInstance(const ProcessInstance&) = delete;
  ProcessInstance& operator=(const ProcessInstance&) = delete;

  void start();  // once

  void invoke(Attempt attempt) override;
  void stop(StopHow how) override;
  [[nodiscard]] const std::string& id() const override { return id_; }
  [[nodiscard]] double memory_peak_mb() const override { return memory_peak_mb_; }

 private:
  enum class Phase : std::uint8_t {
    kSpawning,
    kConnecting,
    kSampling,
    kInitializing,
    kReady,
    kGone,
  };
  struct Inside {
    CallId id;
    Instant since;
    KeepTail keep_tail;
    std::optional<Error> lost;  // its connection went; the verdict is still out
    Begun begun = Begun::kPerhaps;
  };

  // From the launcher.
  void on_spawned() override;
  void on_spawn_failed(const SpawnFailure& failure) override;
  void on_output(OutputStream stream, std::string_view bytes) override;
  void on_listener(const ListenerReport& report) override;
  void on_memory(double memory_peak_mb) override;
  void on_exited(const ExitStatus& status) override;

  // From the link.
  [[nodiscard]] std::optional<CarriedLineage> lineage_before_calls() override {
    return listener_.lineage_before_calls();
  }
  void link_up(double memory_peak_mb) override;
  void link_failed(const std::string& reason) override;
  void initialized(std::optional<std::string> error_body) override;
  void initializer_lost(std::string error_body) override;
  void answered(const CallId& id, std::string body, FunctionError kind) override;
  void answered_http(const CallId& id, http::Response response) override;
  void answered_badly(const CallId& id, const Error& error) override;
  void lost(const CallId& id, const Error& error, Begun begun) override;
  void link_broken(const std::vector<CallId>& unread) override;

  // From the wheel.
  void on_phase_limit();
  void on_term_grace_over();
  void on_verdict_due();
  void on_later();

  void initialize();
  void become_ready();
  void fail_start(Error error);
  void send_stop();
  void finish_call(const CallId& id, Reply reply);
  void drain_for(const Inside& call);
  [[nodiscard]] Reply reply_of_the_dead(const Inside& call) const;
  void answer_not_handed_over(const std::vector<CallId>& ids);
  void go(GoneReason reason);
  void conclude_exit();
  [[nodiscard]] bool all_lost() const;
  [[nodiscard]] Inside* find(const CallId& id);
  // At that step of the start, and nothing has ended it.
  [[nodiscard]] bool is_at(Phase phase) const {
    return phase_ == phase && process_lives() && !stop_asked_.has_value() &&
           !start_error_.has_value();
  }
  [[nodiscard]] bool process_lives() const { return process_ != nullptr && !exited_.has_value(); }
  [[nodiscard]] Duration age() const { return edge_.clock.now() - started_at_; }
  void note_memory(double memory_peak_mb);

  const FunctionPtr function_;
  const std::string id_;
  const CallId initializer_call_;
  const InstanceEdge edge_;
  InstanceListener& listener_;

  Phase phase_ = Phase::kSpawning;
  Instant started_at_{};
  std::optional<StopHow> stop_asked_;
  std::optional<Error> start_error_;
  std::optional<std::string> initializer_lost_;   // the error, if the process turns out to live
  std::optional<std::string> initializer_error_;  // every call gets it, none is handed over
  std::optional<ExitStatus> exited_;
  std::optional<double> link_up_early_;  // before on_spawned
  bool link_is_broken_ = false;
  std::vector<Inside> inside_;
  std::vector<CallId> not_handed_over_;  // to be answered in the next turn

  double memory_peak_mb_ = 0;
  Instant memory_sampled_at_{};
  bool talkative_ = true;  // wrote something lately: worth a look into its pipes at a call's end
  OutputLines lines_;

  Timer phase_limit_ = timer_for<&ProcessInstance::on_phase_limit>(this);
  Timer term_grace_ = timer_for<&ProcessInstance::on_term_grace_over>(this);
  Timer verdict_ = timer_for<&ProcessInstance::on_verdict_due>(this);
  Timer later_ = timer_for<&ProcessInstance::on_later>(this);

  // Last: they call back into this until they are destroyed. The link may use the process.
  std::unique_ptr<Process> process_;
  std::unique_ptr<RuntimeLink> link_;
};

}  // namespace convoke
