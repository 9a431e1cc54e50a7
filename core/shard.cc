#include "core/shard.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "core/dispatch/trigger_timer.h"
#include "core/embedded_store.h"
#include "core/loop/entropy.h"
#include "core/registry/stopping.h"
#include "core/shared_store.h"

namespace convoke {
namespace {

ProcessOptions process_options(const ShardWorld& world, CredentialSource* credentials) {
  ProcessOptions options;
  options.place.credentials = credentials;
  options.place.region = world.options.region;
  options.place.account_id = world.options.account_id;
  options.handlers.python_runtime = world.state.python_runtime();
  options.handlers.socket_directory = world.state.sockets();
  return options;
}

// For a client to follow, which has no more to sign than the link.
constexpr Seconds kLinkLasts = std::chrono::minutes{10};

// A step of the wall clock is noticed within it; a virtual clock makes none, and each look would be
// a step of its advances.
constexpr Seconds kTimersLookEvery{1};
constexpr Duration kNoLook = std::chrono::hours{24 * 365};

// How often shard 0 looks after the history.
constexpr Seconds kHistoryLookEvery{1};
constexpr Seconds kHistoryCollectEvery{60};
std::optional<ShardTime> shard_time(Loop& loop, const ShardWorld& world) {
  if (!world.virtual_from) return std::nullopt;
  return std::optional<ShardTime>(std::in_place, loop, loop.timers(), *world.virtual_from);
}

std::unique_ptr<Signed> authenticator(const Clock& clock, const ShardWorld& world,
                                      TokenReader& tokens) {
  if (!world.access_keys.enabled()) return nullptr;
  return std::make_unique<Signed>(clock, world.token_key, tokens, world.access_keys.keys());
}

// What was cut just now is on its way back to the queue, and still counts as claimed.
std::uint64_t unfinished(const QueueCounts& counts) {
  return counts.ready + counts.delayed + counts.claimed;
}

}  // namespace

Shard::Shard(ShardIndex self, const ShardWorld& world)
    : self_(self),
      world_(world),
      ids_(Rng::seeded(entropy_seed()).fork("call ids")),
      time_(shard_time(loop_, world)),
      clock_(time_ ? static_cast<const Clock&>(time_->time()) : loop_),
      wheel_(time_ ? time_->time().timers() : loop_.timers()),
      syncing_(loop_),
      preparing_(loop_),
      logging_(loop_),
      wires_(loop_),
      spawner_(loop_, world.launcher, self),
      credentials_(loop_, world.token_key, world.options.account_id),
      log_(world.logs, logging_),
      processes_(process_options(world, &credentials_),
                 ProcessEdge{loop_, loop_.timers(), wires_, spawner_, log_, world.ports},
                 ids_.fork("instances")),
      callables_(world.callables, loop_, loop_.timers(), ids_.fork("callables")),
      workers_(processes_, callables_),
      guard_(clock_, directory_, *world.lineage.ledger,
             [](std::string_view what) { spdlog::warn("{}", what); }),
      generations_({clock_, directory_, object_triggers_, world.works},
                   {[this](PauseTrigger wish, std::function<void(const Result<void>&)> done) {
                      pause(std::move(wish), std::move(done));
                    },
                    [](std::string_view what) { spdlog::error("{}", what); }}),
      mail_(world.mail.open(self, loop_,
                            [this](Letter letter) {
                              ++letters_;
                              dispatcher_.on_letter(std::move(letter));
                            })),
      dispatcher_({clock_, wheel_, workers_, world.gates, world.account, world.lease, directory_,
                   *mail_, world.lineage, &guard_},
                  world.options.dispatch),
      poster_(world.posters.open(loop_)),
      deliverer_({clock_, directory_, *poster_, world.delivery_key}, ids_.fork("deliveries"),
                 [](std::string_view what) { spdlog::warn("{}", what); }),
      pump_(self, {clock_, wheel_, directory_, &guard_, &generations_}, ids_.fork("retries"),
            [](std::string_view what) { spdlog::error("{}", what); }),
      timers_(
          {clock_, wheel_, time_ ? kNoLook : kTimersLookEvery},
          [this](NewCall call, Queue::Accepted answered) {
            fire(std::move(call), std::move(answered));
          },
          [](std::string_view what) { spdlog::warn("{}", what); }),
      tokens_(*world.lineage.seal),
      signed_(authenticator(loop_, world, tokens_)),
      control_plane_(*this),
      archive_([this](history::HistoryArchive::Question question, std::function<void()> answered) {
        world_.history.ask(self_, std::move(question), std::move(answered));
      }),
      tasks_(*this),
      server_(wires_, loop_.timers(), loop_, world.options.http, *this),
      own_([this] { loop_.post([this] { own_.take_all(); }); },
           [this](http::ExchangeId exchange, http::Request request) {
             on_own_request(exchange, std::move(request));
           }) {}

Shard::~Shard() = default;

Result<std::unique_ptr<Shard>> Shard::make(ShardIndex self, const ShardWorld& world,
                                           const std::vector<std::uint32_t>& journals) {
  std::unique_ptr<Shard> shard(new Shard(self, world));
  auto store = shard->open_store(journals);
  if (!store) return store.error();
  shard->attach(*std::move(store));
  return shard;
}

Result<std::unique_ptr<ShardStore>> Shard::open_store(const std::vector<std::uint32_t>& journals) {
  if (world_.shared_queue) {
    return open_shared_store(
        {world_.options, *world_.shared_queue, world_.state, world_.disk, self_, mail_->shards(),
         wires_, syncing_, loop_, loop_.timers(), pump_, world_.lease},
        ids_.fork("store"));
  }
  return open_embedded_store(
      {world_.options, world_.state, world_.disk, world_.history, syncing_, preparing_, clock_,
       wheel_, pump_, world_.incarnation, mail_->shards()},
      journals);
}

void Shard::attach(std::unique_ptr<ShardStore> store) {
  store_ = std::move(store);
  Queue& queue = store_->queue();
  const InvokerWorld world{clock_,
                           wheel_,
                           directory_,
                           dispatcher_,
                           queue,
                           *this,
                           store_->archive(),
                           world_.options.async_event_bytes_max,
                           world_.lineage,
                           &tokens_,
                           &guard_};
  invoker_ = std::make_unique<Invoker>(self_, world,
                                       [this](http::ExchangeId exchange, http::Response response) {
                                         respond(exchange, std::move(response));
                                       });
  dispatcher_.attach(*invoker_, pump_, pump_);
  deliverer_.attach(queue);
  pump_.attach(queue, dispatcher_, *invoker_, &deliverer_);
  loop_.at_end_of_turn(EndOfTurn::kWork, [this] { end_of_turn(); });
  if (self_ == ShardIndex{0}) {
    loop_.timers().schedule(history_timer_, loop_.now() + kHistoryLookEvery);
    if (signed_) loop_.timers().schedule(keys_timer_, loop_.now() + kAccessKeysLookEvery);
  }
}

void Shard::end_of_turn() {
  if (time_) time_->time().fire_due();
  callables_.deliver();
  const bool mail_waits = dispatcher_.end_of_turn();
  if (mail_waits) loop_.turn_again();
  store_->queue().submit();
  log_.submit(loop_.wall());
  count_busy();
  if (time_) end_virtual_turn(mail_waits);
}

void Shard::count_busy() {
  // While it drains, an answer is owed until the last byte has left: until its connection closes.
  busy_ = invoker_->calls_open() + pump_.calls_open() + deliverer_.under_way() +
          server_.exchanges_open() + own_.open() + (draining_ ? server_.connections() : 0);
}

void Shard::end_virtual_turn(bool mail_waits) {
  if (time_->time().overdue()) loop_.turn_again();
  if (!time_->looked_at()) return;
  const DispatchCounters& counters = dispatcher_.counters();
  const bool restless = mail_waits || dispatcher_.moving() || !store_->at_rest() ||
                        deliverer_.under_way() > 0 || !(timers_.started() || draining_);
  time_->end_of_turn({restless, letters_ + counters.started + counters.moved + counters.bounced,
                      dispatcher_.inside()});
}

void Shard::look(Millis patience, std::function<void(Rest)> looked) {
  time_->look(patience, std::move(looked));
}

IoThread& Shard::registry_thread() {
  if (!registry_thread_) registry_thread_ = std::make_unique<LoopIoThread>(loop_);
  return *registry_thread_;
}

IoThread& Shard::history_thread() {
  if (!history_thread_) history_thread_ = std::make_unique<LoopIoThread>(loop_);
  return *history_thread_;
}

void Shard::apply(const Change& change) {
  if (const auto* gone = std::get_if<TriggerGone>(&change.what)) on_trigger_gone(*gone);
  directory_.apply(change);
  object_triggers_.apply(change);
  event_triggers_.apply(change);
  former_domains_.apply(change);
  if (const auto* put = std::get_if<FunctionPut>(&change.what)) {
    dispatcher_.on_function(put->function);
  } else if (const auto* gone = std::get_if<FunctionGone>(&change.what)) {
    dispatcher_.on_function_gone(gone->id);
    credentials_.forget(gone->id);
  } else if (const auto* limit = std::get_if<LimitPut>(&change.what)) {
    dispatcher_.on_limit(limit->limit->function_id);
  } else if (const auto* lifted = std::get_if<LimitGone>(&change.what)) {
    dispatcher_.on_limit(lifted->function_id);
  } else if (const auto* trigger = std::get_if<TriggerPut>(&change.what)) {
    on_trigger(*trigger);
  } else if (const auto* off = std::get_if<SwitchPut>(&change.what)) {
    dispatcher_.on_switch(off->kill_switch->scope);
  } else if (const auto* on = std::get_if<SwitchGone>(&change.what)) {
    dispatcher_.on_switch(on->scope);
  } else if (const auto* stopped = std::get_if<TreeStopped>(&change.what)) {
    dispatcher_.on_tree_stopped(*stopped->tree);
    pump_.on_tree_stopped();
  }
}

// One shard of each engine.
bool Shard::looks_after(std::uint64_t trigger) const {
  return trigger % mail_->shards() == self_.value;
}

void Shard::pause(PauseTrigger pause, std::function<void(const Result<void>&)> done) {
  mutate(std::move(pause), [done = std::move(done)](const Result<Change>& change) {
    done(change ? Result<void>() : change.error());
  });
}

void Shard::on_trigger(const TriggerPut& put) {
  const Trigger& trigger = *put.trigger;
  if (!looks_after(trigger.id)) return;
  auto timer = timer_of(trigger);
  if (!timer) {
    spdlog::error("trigger '{}' does not fire on this engine: {}", trigger.name,
                  timer.error().message);
  }
  if (!timer || !*timer) return timers_.remove(trigger.id);
  timers_.put(**std::move(timer));
}

// While the directory has it yet.
void Shard::on_trigger_gone(const TriggerGone& gone) {
  const TriggerPtr trigger = directory_.find_trigger(gone.function_id, gone.name);
  if (trigger) timers_.remove(trigger->id);
}

void Shard::start_timers() {
  if (store_->archive()) return timers_.start({});  // the queue knows itself what has fired
  const auto fired = std::make_shared<Result<std::vector<Firing>>>(std::vector<Firing>());
  world_.history.ask(
      self_, [fired](history::History& history) { *fired = history.fired(); },
      [this, fired] {
        if (!*fired) spdlog::error("timers may fire again: {}", fired->error().message);
        timers_.start(*fired ? **fired : std::vector<Firing>());
      });
}

// As a caller's request does it (core/api/invoke).
void Shard::fire(NewCall call, Queue::Accepted answered) {
  const AsyncConfigPtr config = directory_.async_config_of(call.function, call.qualifier);
  if (config && config->stateful.value_or(false)) {
    if (auto keeps_up = this->keeps_up(); !keeps_up) return answered(keeps_up.error());
    call.name = call.id.text();
  }
  store_->queue().accept(std::move(call), std::move(answered));
}

std::vector<std::string> Shard::code_in_use() const { return dispatcher_.code_in_use(); }

void Shard::on_taken(std::uint32_t journal, const history::Mark& upto) {
  store_->on_taken(journal, upto);
}

void Shard::stop_call(FunctionId function, const CallId& id, Queue::Stopped stopped) {
  pump_.stop(function, id, std::move(stopped));
}

void Shard::find_call(const CallId& id, ShardStore::Found found) {
  store_->find(id, std::move(found));
}

Result<void> Shard::listen(std::vector<std::shared_ptr<ListeningSocket>> sockets) {
  for (auto& socket : sockets) {
    auto listener = wires_.listen(std::move(socket), server_);
    if (!listener) return std::move(listener).error();
    server_.listen(std::move(listener).value());
  }
  return {};
}

void Shard::drain(Unaccepted unaccepted) {
  draining_ = true;
  server_.drain(unaccepted);
  invoker_->end_waits();  // after it: with Connection: close
  deliverer_.drain();
  dispatcher_.drain();
  timers_.stop();
  count_busy();
}

std::size_t Shard::cut() {
  cut_ = true;
  return dispatcher_.cut();
}

// ---- what the control plane asks ----

void Shard::mutate(Mutation mutation, std::function<void(Result<Change>)> done) {
  world_.desk.execute(std::move(mutation), clock_.wall(), self_, std::move(done));
}

// Of a service with more functions than that, of the first ones.
void Shard::count_waiting(const SwitchScope& scope, std::function<void(std::uint64_t)> counted) {
  std::vector<FunctionPtr> covered = directory_.all_functions();
  std::erase_if(covered, [&](const FunctionPtr& function) {
    return !scope.covers(function->spec.service, function->spec.name);
  });
  const bool everything = scope.service.empty();
  if (everything) covered.clear();
  if (covered.size() > kFunctionsShownMax) covered.resize(kFunctionsShownMax);
  const auto sum = [everything, counted = std::move(counted)](const auto& samples) {
    std::uint64_t waiting = 0;
    for (const ShardSample& sample : samples) {
      if (everything) waiting += unfinished(sample.all);
      for (const QueueCounts& one : sample.functions) waiting += unfinished(one);
    }
    counted(waiting);
  };
  world_.metrics_desk.gather(std::move(covered), self_, sum);
}

CallId Shard::root_of(const CallId& id) const {
  if (world_.lineage.running == nullptr || id == CallId{}) return id;
  const std::optional<Lineage> running = world_.lineage.running->lineage_of(id);
  if (running) return running->root;
  const auto known = world_.lineage.ledger->tree_with(id);  // it has ended, or waits
  return known ? known->root : id;
}

// ---- what calls with a history ask ----

void Shard::stop_anywhere(FunctionId function, const CallId& id, Queue::Stopped stopped) {
  if (store_->reach() == Reach::kShared) return pump_.stop(function, id, std::move(stopped));
  world_.history.stop(function, id, self_, std::move(stopped));
}

void Shard::find_anywhere(const CallId& id, Found found) {
  if (store_->reach() == Reach::kShared) return store_->find(id, std::move(found));
  world_.history.find(id, self_, std::move(found));
}

void Shard::find_place(FunctionId function, const CallId& id, Found found) {
  if (store_->reach() == Reach::kShared) return store_->find_place(function, id, std::move(found));
  world_.history.find(id, self_, std::move(found));
}

namespace {

// Where each shard has its own calls, the window of one without any holds none.
void add(const ShardSample& sample, Reach reach, Circumstances& about) {
  about.ready += sample.functions.front().ready;
  const std::optional<ShutWindow>& shut = sample.windows.front();
  if (!shut || (reach == Reach::kShard && sample.functions.front().ready == 0)) return;
  if (!about.window) about.window.emplace();
  about.window->limit += shut->limit;
  about.window->under_way += shut->under_way;
  about.window->pause = std::max(about.window->pause, shut->pause);
}

}  // namespace

void Shard::explain_function(FunctionId id, Explained explained) {
  Circumstances about;
  const FunctionPtr function = directory_.find_function(id);
  about.function_there = function != nullptr;
  if (!function) return explained(about);
  const std::shared_ptr<Gate> gate = world_.gates.of(id);
  about.now = clock_.wall();
  about.limit = directory_.limit_of(id);
  if (const KillSwitch* off = switched_off_by(directory_, function->spec)) {
    about.switched_off = text_of(*off);
  }
  about.allowed = gate->allowed();
  about.instances = gate->places();
  about.may_start = world_.lease.holds(clock_.now());
  if (store_->reach() == Reach::kShard) about.queues = mail_->shards();
  world_.metrics_desk.gather({function}, self_,
                             [about, reach = store_->reach(),
                              explained = std::move(explained)](const auto& samples) mutable {
                               for (const ShardSample& sample : samples) add(sample, reach, about);
                               explained(about);
                             });
}

void Shard::accept_again(const history::Record& record, Queue::Accepted accepted) {
  if (!directory_.find_function(record.function)) {
    return accepted(Error{ErrorCode::kFunctionNotFound, "its function was deleted"});
  }
  if (record.event_lost) {
    return accepted(Error{ErrorCode::kInvalidArgument, "its event was deleted from the store"});
  }
  NewCall call;
  call.id = next_call_id();
  call.function = record.function;
  call.qualifier = record.qualifier;
  if (!record.name.empty()) call.name = call.id.text();
  call.event = record.event;
  call.accepted = call.due = clock_.wall();
  store_->queue().accept(std::move(call), std::move(accepted));
}

void Shard::reserve(FunctionId function, const std::string& name, Reserved reserved) {
  if (store_->archive()) return loop_.post([reserved = std::move(reserved)] { reserved({}); });
  world_.history.reserve(function, name, self_, std::move(reserved));
}

void Shard::release(FunctionId function, const std::string& name) {
  if (!store_->archive()) world_.history.release(function, name);
}

void Shard::look_after_history() {
  const Instant now = loop_.now();
  loop_.timers().schedule(history_timer_, now + kHistoryLookEvery);
  world_.history.retry();
  if (now - collected_ < kHistoryCollectEvery) return;
  collected_ = now;
  world_.history.collect(clock_.wall());
  store_->collect(clock_.wall());
}

void Shard::look_at_keys() {
  loop_.timers().schedule(keys_timer_, loop_.now() + kAccessKeysLookEvery);
  world_.access_keys.look();
}

void Shard::replace_keys(std::shared_ptr<const AccessKeys> keys) {
  signed_->replace(std::move(keys));
}

std::string Shard::link_to(std::string path) const {
  if (!signed_) return path;
  const WallTime expires = loop_.wall() + kLinkLasts;
  const http::AccessKey own =
      make_credentials(world_.token_key, world_.options.account_id, FunctionId{}, expires);
  return http::sign_target("GET", path, own, expires);
}

void Shard::read_code(FunctionPtr function, std::function<void(Result<std::string>)> done) {
  world_.desk.read_code(std::move(function), self_, std::move(done));
}

}  // namespace convoke
