// One thread of the engine, and everything that lives on it.
//
//   Loop -- Server -- (admission) -- Invoker -- Dispatcher -- Workers -- instances
//                 \-- ControlPlane      |           |
//                                     Queue ------ Pump
//
// The order of the members is the order of their lives: each knows only of those above it, and
// goes before them. The end of a turn, in this order: callables' answers are delivered, letters
// leave, the store gets the turn's work, log lines are handed over; then sockets are written.
//
// Threads: made, filled and destroyed on the engine's thread while its own does not run; everything
// in between on its own, but for request(), post(), stop() and busy().
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/access_keys_desk.h"
#include "core/api/control_plane.h"
#include "core/api/generation_guard.h"
#include "core/api/invoke.h"
#include "core/api/names.h"
#include "core/api/router.h"
#include "core/api/tasks.h"
#include "core/clock_desk.h"
#include "core/config.h"
#include "core/dispatch/deliverer.h"
#include "core/dispatch/dispatcher.h"
#include "core/dispatch/pump.h"
#include "core/dispatch/timers.h"
#include "core/guard/admission.h"
#include "core/guard/function_credentials.h"
#include "core/guard/lineage_guard.h"
#include "core/guard/signed.h"
#include "core/history_desk.h"
#include "core/loop/curl_poster.h"
#include "core/loop/io_thread.h"
#include "core/loop/launcher_process.h"
#include "core/loop/log_file.h"
#include "core/loop/loop.h"
#include "core/loop/mailbox.h"
#include "core/loop/spawner.h"
#include "core/loop/wires.h"
#include "core/metrics_desk.h"
#include "core/own_requests.h"
#include "core/registry/bucket_index.h"
#include "core/registry/event_type_index.h"
#include "core/registry/former_domains.h"
#include "core/registry_desk.h"
#include "core/shard_door.h"
#include "core/shard_store.h"
#include "core/shard_time.h"
#include "core/state_directory.h"
#include "core/tree_desk.h"
#include "queue/history/history_archive.h"
#include "queue/redis/link.h"
#include "queue/redis/target.h"
#include "workers/function_log.h"
#include "workers/in_process.h"
#include "workers/ports.h"
#include "workers/process_workers.h"
#include "workers/workers.h"

namespace convoke {

// What the shards of one engine share; outlives them.
struct ShardWorld {
  const EngineOptions& options;
  const StateDirectory& state;
  DiskReserve& disk;
  const InProcessRegistry& callables;
  GateTable& gates;
  AccountPlaces& account;
  EngineLease& lease;
  PortPool& ports;
  Mailboxes<Letter>& mail;
  LauncherProcess& launcher;
  LogFiles& logs;
  RegistryDesk& desk;
  HistoryDesk& history;
  CurlPoster& posters;
  const std::string& delivery_key;
  std::uint32_t incarnation;
  const redis::Target* shared_queue;  // null: the queue is embedded
  ClockDesk& clock_desk;
  MetricsDesk& metrics_desk;
  AccessKeysDesk& access_keys;
  const std::string& token_key;
  std::optional<TimeOrigin> virtual_from;  // none: time is real
  LineageWorld lineage;
  TreeDesk& trees;
  ObjectWorks& works;
};

class Shard final : public ShardDoor,
                    public TimeDoor,
                    public MetricsDoor,
                    public KeysDoor,
                    private http::Handler,
                    private ControlHost,
                    private TaskHost,
                    private Names {
 public:
  // `journals`: the numbers of those that this shard writes; the first takes its new calls.
  [[nodiscard]] static Result<std::unique_ptr<Shard>> make(
      ShardIndex self, const ShardWorld& world, const std::vector<std::uint32_t>& journals);
  ~Shard() override;
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  [[nodiscard]] ShardIndex index() const { return self_; }
  [[nodiscard]] Result<void> queue_health() const { return store_->queue().health(); }
  // Accepts from these. On the shard's thread, or before it runs.
  [[nodiscard]] Result<void> listen(std::vector<std::shared_ptr<ListeningSocket>> sockets);
  // Threads of the engine's desks; of shard 0 alone. Made when first asked for, before run().
  [[nodiscard]] IoThread& registry_thread();
  [[nodiscard]] IoThread& history_thread();
  // Where a desk of the engine talks to a server from; of shard 0 alone.
  [[nodiscard]] redis::LinkWorld link_world() { return {wires_, loop_, loop_.timers()}; }
  // What calls live by.
  [[nodiscard]] const Clock& clock() const { return clock_; }
  [[nodiscard]] TimerWheel& wheel() { return wheel_; }

  // What recovery found that the history does not know: told before any shard serves, so that no
  // name of a recovered call can be taken again meanwhile. Before run().
  void tell_recovered() { store_->tell_recovered(); }

  // Of the triggers that this shard looks after. Before run(), once the registry is loaded and all
  // that was recovered is told.
  void start_timers();

  void run() { loop_.run(); }
  void stop() { loop_.stop(); }  // any thread

  // Limits are shared with other engines. Before run().
  void ask_for_places(PlaceSource& source) { dispatcher_.ask_for_places(source); }
  // This engine's part of a limit has changed.
  void on_share(FunctionId function) { dispatcher_.on_limit(function); }
  // The engine may start calls again.
  void on_lease() { dispatcher_.on_lease(); }

  // Of the program that the engine is in; on any thread (own_requests.h).
  [[nodiscard]] bool request(http::Request request, OwnRequests::Answered answered) {
    return own_.ask(std::move(request), std::move(answered));
  }
  void end_requests() { own_.end(); }  // while its thread does not run

  void post(std::function<void()> task) override { loop_.post(std::move(task)); }
  void apply(const Change& change) override;
  void on_gates(const SwitchScope& scope) override { dispatcher_.on_switch(scope); }
  void when_ended(std::function<void(std::uint32_t calls)> then) override {
    dispatcher_.when_ended(std::move(then));
  }
  [[nodiscard]] std::vector<std::string> code_in_use() const override;
  void on_taken(std::uint32_t journal, const history::Mark& upto) override;
  void stop_call(FunctionId function, const CallId& id, Queue::Stopped stopped) override;
  void find_call(const CallId& id, ShardStore::Found found) override;

  // Where time is virtual.
  void move_time(Millis passed) override { time_->time().move_to(passed); }
  void look(Millis patience, std::function<void(Rest)> looked) override;

  void sample(const std::vector<FunctionPtr>& shown, Sampled sampled) override;

  void replace_keys(std::shared_ptr<const AccessKeys> keys) override;

  // Claims no more queued calls, and accepts no more connections but those that wait to be, if they
  // are to be answered; what is under way goes on. busy() counts all of it when this returns.
  void drain(Unaccepted unaccepted);
  // Ends what is under way; what is still asked is refused.
  std::size_t cut();
  // Answers and outcomes that are still owed; as of the end of the last turn. Any thread.
  [[nodiscard]] std::size_t busy() const { return busy_; }

 private:
  Shard(ShardIndex self, const ShardWorld& world);
  [[nodiscard]] Result<std::unique_ptr<ShardStore>> open_store(
      const std::vector<std::uint32_t>& journals);
  void attach(std::unique_ptr<ShardStore> store);
  void end_of_turn();
  void count_busy();
  void end_virtual_turn(bool mail_waits);

  // http::Handler
  Result<std::size_t> on_head(const http::RequestHead& head) override;
  void on_request(http::ExchangeId exchange, http::Request request) override;
  void on_gone(http::ExchangeId exchange) override { invoker_->client_gone(exchange); }
  std::string new_request_id() override { return next_call_id().text(); }

  [[nodiscard]] static Error shutting_down();
  [[nodiscard]] Result<std::size_t> body_bytes_max(const http::RequestHead& head,
                                                   const Result<Route>& to) const;
  void on_own_request(http::ExchangeId exchange, http::Request request);
  void respond(http::ExchangeId exchange, http::Response response);

  [[nodiscard]] ShardSample own_sample() const;  // all but the queue's counts
  [[nodiscard]] std::optional<ShutWindow> shut_window(FunctionId function) const;
  void answer_by_engine(http::ExchangeId exchange, const Route& route, const http::Request& request,
                        const std::string& request_id);
  void answer_health(http::ExchangeId exchange, const std::string& request_id);
  void answer_clock(http::ExchangeId exchange, const Route& route, const http::Request& request,
                    const std::string& request_id);
  void answer_metrics(http::ExchangeId exchange, const std::string& request_id);
  void answer_tree(http::ExchangeId exchange, const Route& route, const std::string& request_id);
  void answer_logs(http::ExchangeId exchange, const Route& route, const http::Request& request,
                   const std::string& request_id);

  // ControlHost
  void mutate(Mutation mutation, std::function<void(Result<Change>)> done) override;
  [[nodiscard]] const Directory& directory() const override { return directory_; }
  [[nodiscard]] std::string account_id() const override { return world_.options.account_id; }
  [[nodiscard]] std::uint16_t port() const override { return server_.local_address().port; }
  [[nodiscard]] std::string link_to(std::string path) const override;
  void read_code(FunctionPtr function, std::function<void(Result<std::string>)> done) override;
  [[nodiscard]] CallId root_of(const CallId& id) const override;
  void count_waiting(const SwitchScope& scope, std::function<void(std::uint64_t)> counted) override;
  void who_has_what(RegistrySource::Asked asked) override {
    world_.desk.who_has_what(self_, std::move(asked));
  }

  // TaskHost
  [[nodiscard]] history::Archive& archive() override {
    history::Archive* const kept_by_store = store_->archive();
    return kept_by_store ? *kept_by_store : archive_;
  }
  void stop_anywhere(FunctionId function, const CallId& id, Queue::Stopped stopped) override;
  void find_anywhere(const CallId& id, Found found) override;
  void find_place(FunctionId function, const CallId& id, Found found) override;
  void explain_function(FunctionId function, Explained explained) override;
  void accept_again(const history::Record& record, Queue::Accepted accepted) override;

  // Names
  void reserve(FunctionId function, const std::string& name, Reserved reserved) override;
  void release(FunctionId function, const std::string& name) override;
  [[nodiscard]] Result<void> keeps_up() const override { return world_.history.keeps_up(); }

  [[nodiscard]] bool looks_after(std::uint64_t trigger) const;
  void pause(PauseTrigger pause, std::function<void(const Result<void>&)> done);
  void on_trigger(const TriggerPut& put);
  void on_trigger_gone(const TriggerGone& gone);
  void fire(NewCall call, Queue::Accepted answered);

  void take_object_events(http::ExchangeId exchange, const CallId& id, http::Request request);
  void take_cloud_events(http::ExchangeId exchange, const CallId& id, http::Request request);
  void accept_set_off(http::ExchangeId exchange, const CallId& id, std::vector<TriggeredCall> calls,
                      std::size_t dropped);
  void look_after_history();
  void look_at_keys();
  [[nodiscard]] Result<void> admit(const http::RequestHead& head, const Result<Route>& to) const;
  [[nodiscard]] Result<void> admit_whole(http::ExchangeId exchange, const http::RequestHead& head,
                                         const Result<Route>& to) const;
  [[nodiscard]] Result<void> admit_http(const http::RequestHead& head, const Route& to) const;
  [[nodiscard]] Result<void> authenticate(const http::RequestHead& head,
                                          Addressed addressed = Addressed::kByAnyName) const;

  [[nodiscard]] CallId next_call_id() {
    return CallId::made_at(clock_.wall(), ids_.next(), ids_.next());
  }

  const ShardIndex self_;
  const ShardWorld world_;
  const Instant started_at_ = monotonic_now();
  Rng ids_;

  Loop loop_;
  std::optional<ShardTime> time_;  // where time is virtual
  const Clock& clock_;             // what calls live by: the loop's time, or the virtual one
  TimerWheel& wheel_;
  std::uint64_t letters_ = 0;  // received
  LoopIoThread syncing_;       // what calls wait for: the journal's syncs and reads
  LoopIoThread preparing_;     // the journal's segments to come
  LoopIoThread logging_;       // what functions write, and reading it
  std::unique_ptr<LoopIoThread> registry_thread_;
  std::unique_ptr<LoopIoThread> history_thread_;
  LoopWires wires_;
  LoopSpawner spawner_;
  FunctionCredentials credentials_;  // without access keys too: they carry lineages
  FunctionLog log_;
  ProcessWorkers processes_;
  InProcessWorkers callables_;
  AllWorkers workers_;

  Directory directory_;
  BucketIndex object_triggers_;
  EventTypeIndex event_triggers_;
  FormerDomains former_domains_;
  LineageGuard guard_;
  GenerationGuard generations_;
  std::uint64_t events_dropped_ = 0;  // of paused triggers
  std::unique_ptr<Mail<Letter>> mail_;
  Dispatcher dispatcher_;
  std::unique_ptr<Poster> poster_;
  Deliverer deliverer_;
  Pump pump_;
  std::unique_ptr<ShardStore> store_;
  Timers timers_;

  TokenReader tokens_;
  const std::unique_ptr<Signed> signed_;  // where there are access keys
  const Anonymous anonymous_;
  ControlPlane control_plane_;
  history::HistoryArchive archive_;
  Tasks tasks_;
  std::unique_ptr<Invoker> invoker_;
  http::Server server_;
  OwnRequests own_;
  Timer history_timer_ = timer_for<&Shard::look_after_history>(this);
  Timer keys_timer_ = timer_for<&Shard::look_at_keys>(this);
  Instant collected_{};
  bool draining_ = false;
  bool cut_ = false;
  std::atomic<std::size_t> busy_{0};
};

}  // namespace convoke
