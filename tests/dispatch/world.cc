#include "tests/dispatch/world.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/registry/pace_config.h"
#include "core/registry/recursion_config.h"

namespace convoke::testing {

// ---- instances ----

ScriptedInstance::ScriptedInstance(World& world, FunctionPtr function, InstanceListener& listener)
    : world_(world), function_(std::move(function)), listener_(listener) {
  world_.instances.push_back(this);
  world_.live_most = std::max(world_.live_most, ++world_.live);
}

ScriptedInstance::~ScriptedInstance() {
  std::erase(world_.instances, this);
  if (!gone_) --world_.live;
}

void ScriptedInstance::invoke(Attempt attempt) {
  EXPECT_TRUE(ready_);
  EXPECT_LT(inside_.size(), function_->spec.instance_concurrency);
  inside_.push_back(attempt.id);
  world_.start_order.push_back(attempt.id);
  world_.started_revisions.push_back(function_->revision);
  world_.running_most = std::max(world_.running_most, ++world_.running);
}

bool ScriptedInstance::can_step() const {
  return !gone_ && (!ready_ || stopping_ || !inside_.empty());
}

void ScriptedInstance::reply(Reply reply) {
  const CallId id = inside_.front();
  inside_.pop_front();
  --world_.running;
  listener_.on_reply(id, std::move(reply));
}

bool ScriptedInstance::step() {
  if (!can_step()) return false;
  const bool dies = ready_ && !stopping_ && world_.rng.below(100) < world_.script.dies;
  const bool start_fails =
      !ready_ && !stopping_ && world_.rng.below(100) < world_.script.start_fails;
  if (stopping_ || dies || start_fails) {
    while (!inside_.empty()) {
      Reply cut;
      const bool reached = world_.rng.below(100) >= world_.script.never_reached;
      if (dies && reached) cut.function_error = FunctionError::kUnhandled;
      if (dies && !reached) {
        cut.system_error = Error{ErrorCode::kServiceUnavailable, "never began"};
        cut.never_began = true;
      }
      cut.instance_is_going = dies;
      if (stopping_) cut.system_error = Error{ErrorCode::kServiceUnavailable, "stopped"};
      reply(std::move(cut));
    }
    gone_ = true;
    --world_.live;
    Gone gone;
    gone.reason = start_fails ? GoneReason::kStartFailed
                  : dies      ? GoneReason::kExited
                              : GoneReason::kStopped;
    gone.error = Error{ErrorCode::kCaExited, "scripted"};
    listener_.on_gone(gone);
    return true;
  }
  if (!ready_) {
    ready_ = true;
    listener_.on_ready();
    return true;
  }
  if (world_.rng.below(100) < world_.script.hangs) return false;
  Reply done;
  if (world_.rng.below(100) < world_.script.fails) done.function_error = FunctionError::kUnhandled;
  if (world_.running > world_.script.room) {
    done.system_error = Error{ErrorCode::kServiceUnavailable, "no room"};
  }
  reply(std::move(done));
  return true;
}

std::unique_ptr<Instance> ScriptedWorkers::start(FunctionPtr function, InstanceListener& listener) {
  return std::make_unique<ScriptedInstance>(world_, std::move(function), listener);
}

// ---- the store ----

void NaiveQueue::accept(NewCall call, Accepted accepted) {
  ClaimedCall stored;
  stored.receipt = {call.id, call.function, Epoch::of(1, 0)};
  stored.name = call.name;
  stored.event = call.event;
  stored.accepted = call.accepted;
  stored.due = call.due;
  stored.lineage = call.lineage;
  ready_.push_back(std::move(stored));
  accepted({});
  listener_.on_ready(call.function);
}

void NaiveQueue::settle(const Receipt& receipt, Ending ending, Settled settled) {
  EXPECT_EQ(claimed_.erase(receipt.id), 1U) << "settled twice, or never claimed";
  settlements[receipt.id.text()] = ending.settlement;
  endings.insert_or_assign(receipt.id.text(), std::move(ending));
  written_.push_back([settled] { settled(SettleResult::kDone); });
}

void NaiveQueue::stop(FunctionId /*any*/, const CallId& id, Stopped stopped) {
  const auto is_it = [&](const ClaimedCall& call) { return call.receipt.id == id; };
  std::size_t waited = std::erase_if(ready_, is_it);
  waited += std::erase_if(postponed_, [&](const auto& pair) { return is_it(pair.second); });
  const StopResult result = waited > 0              ? StopResult::kStopped
                            : claimed_.contains(id) ? StopResult::kUnderWay
                                                    : StopResult::kUnknown;
  if (waited > 0) settlements[id.text()] = Settlement::kStopped;
  written_.push_back([stopped = std::move(stopped), result] { stopped(result); });
}

void NaiveQueue::postpone(const Receipt& receipt, WallTime due, Spends spends,
                          AttemptReport /*report*/, Settled settled) {
  auto node = claimed_.extract(receipt.id);
  ASSERT_FALSE(node.empty());
  ++node.mapped().retries;
  if (spends == Spends::kAttempt) ++node.mapped().function_errors;
  postponed_.emplace_back(due, std::move(node.mapped()));
  written_.push_back([settled] { settled(SettleResult::kDone); });
}

void NaiveQueue::give_back(const Receipt& receipt) {
  auto node = claimed_.extract(receipt.id);
  ASSERT_FALSE(node.empty());
  ready_.push_front(std::move(node.mapped()));
  said_.push_back(receipt.function);
}

std::optional<WallTime> NaiveQueue::oldest_ready(FunctionId function) const {
  for (const ClaimedCall& call : ready_) {
    if (call.receipt.function == function) return call.accepted;
  }
  return std::nullopt;
}

QueueCounts NaiveQueue::counts(FunctionId function) const {
  QueueCounts counts;
  for (const ClaimedCall& call : ready_) counts.ready += call.receipt.function == function ? 1 : 0;
  return counts;
}

bool NaiveQueue::step(WallTime now) {
  if (!written_.empty()) {
    const auto say = std::move(written_.front());
    written_.pop_front();
    say();
    return true;
  }
  for (auto it = postponed_.begin(); it != postponed_.end(); ++it) {
    if (it->first > now) continue;
    const FunctionId function = it->second.receipt.function;
    ready_.push_back(std::move(it->second));
    postponed_.erase(it);
    listener_.on_ready(function);
    return true;
  }
  if (!said_.empty()) {
    const FunctionId ready_again = said_.front();
    said_.pop_front();
    listener_.on_ready(ready_again);
    return true;
  }
  if (claims_.empty()) return false;
  const auto [function, max] = claims_.front();
  claims_.pop_front();
  ++claims_answered;
  std::vector<ClaimedCall> calls;
  if (!hands_out) {
    listener_.on_claimed(function, {});
    return true;
  }
  for (auto it = ready_.begin(); it != ready_.end() && calls.size() < max;) {
    if (it->receipt.function == function) {
      claimed_[it->receipt.id] = *it;
      calls.push_back(std::move(*it));
      it = ready_.erase(it);
    } else {
      ++it;
    }
  }
  listener_.on_claimed(function, std::move(calls));
  if (counts(function).ready > 0) listener_.on_ready(function);
  return true;
}

// ---- the world ----

class WorldMail final : public Mail<Letter> {
 public:
  WorldMail(World& world, std::uint16_t self) : world_(world), self_(self) {}
  Posted post(ShardIndex to, Letter& letter) override {
    auto& box = world_.mail_[to.value][self_];
    if (box.size() >= 4) return Posted::kFull;  // small on purpose
    box.push_back(std::move(letter));
    return Posted::kYes;
  }
  [[nodiscard]] std::uint16_t shards() const override {
    return static_cast<std::uint16_t>(world_.mail_.size());
  }
  [[nodiscard]] ShardIndex self() const override { return ShardIndex{self_}; }

 private:
  World& world_;
  const std::uint16_t self_;
};

struct World::Shard final : CallOwner, EndWatch {
  Shard(World& owner, std::uint16_t index, const DispatchOptions& options)
      : world(owner),
        wheel(owner.clock.now()),
        workers(owner),
        mail(owner, index),
        guard(owner.clock, directory, owner.ledger, [](std::string_view) {}),
        dispatcher({owner.clock,
                    wheel,
                    workers,
                    owner.gates,
                    owner.account,
                    owner.lease,
                    directory,
                    mail,
                    {},
                    &guard},
                   options),
        pump(ShardIndex{index}, {owner.clock, wheel, directory, &guard, &owner.attempts},
             owner.rng.fork("pump"), [](std::string_view) {}),
        queue(pump) {
    dispatcher.attach(*this, pump, pump);
    pump.attach(queue, dispatcher, *this);
  }
  void on_finished(CallPtr call, Outcome outcome) override {
    EXPECT_TRUE(world.outcomes_.emplace(call->id, std::move(outcome)).second) << "answered twice";
  }
  bool watches(const CallId&) const override { return false; }
  void on_settled(CallPtr, Outcome) override {}
  World& world;
  Directory directory;
  TimerWheel wheel;
  ScriptedWorkers workers;
  WorldMail mail;
  LineageGuard guard;
  Dispatcher dispatcher;
  Pump pump;
  NaiveQueue queue;
};

World::World(std::uint64_t seed, std::uint16_t shards, const DispatchOptions& options,
             std::uint32_t account_max)
    : rng(Rng::seeded(seed)), gates(shards), account(account_max), mail_(shards) {
  for (auto& boxes : mail_) boxes.resize(shards);
  for (std::uint16_t i = 0; i < shards; ++i) {
    shards_.push_back(std::make_unique<Shard>(*this, i, options));
  }
}

World::~World() = default;

FunctionPtr World::deploy(const std::string& name, std::uint32_t concurrency, Seconds timeout,
                          Runtime runtime) {
  auto function = std::make_shared<Function>();
  function->id = FunctionId{next_function_++};
  function->spec.service = "default";
  function->spec.name = name;
  function->spec.instance_concurrency = concurrency;
  function->spec.timeout = timeout;
  function->spec.runtime = runtime;
  auto service = std::make_shared<Service>();
  service->name = "default";
  for (auto& shard : shards_) shard->directory.apply({++version_, ServicePut{service}});
  publish(function);
  return function;
}

FunctionPtr World::redeploy(const FunctionPtr& old) {
  auto next = std::make_shared<Function>(*old);
  ++next->revision;
  publish(next);
  return next;
}

FunctionPtr World::set_pace(const FunctionPtr& old, const PaceRule& rule) {
  auto next = std::make_shared<Function>(*old);
  next->extra.insert_or_assign(std::string(kPaceMember), write_pace(rule));
  publish(next);
  return next;
}

FunctionPtr World::set_budget(const FunctionPtr& old, const Budget& budget) {
  auto next = std::make_shared<Function>(*old);
  RecursionRule rule;
  rule.budget = budget;
  next->extra.insert_or_assign(std::string(kRecursionMember), write_recursion(rule));
  publish(next);
  return next;
}

void World::publish(const FunctionPtr& function) {
  for (auto& shard : shards_) {
    shard->directory.apply({++version_, FunctionPut{function}});
    shard->dispatcher.on_function(function);
  }
}

void World::remove(const FunctionPtr& function) {
  for (auto& shard : shards_) {
    shard->directory.apply(
        {++version_, FunctionGone{function->id, "default", function->spec.name}});
    shard->dispatcher.on_function_gone(function->id);
  }
}

void World::set_limit(const FunctionPtr& function, std::uint32_t limit) {
  gates.of(function->id)->set_limit(limit);
  const OnDemandLimit put{limit_resource(function->spec.service, "", function->spec.name),
                          function->spec.service,
                          "",
                          function->spec.name,
                          function->id,
                          limit};
  ++version_;
  for (auto& shard : shards_) {
    if (limit == kUnlimited) {
      shard->directory.apply({version_, LimitGone{put.resource, function->id}});
    } else {
      shard->directory.apply({version_, LimitPut{std::make_shared<const OnDemandLimit>(put)}});
    }
    shard->dispatcher.on_limit(function->id);
  }
}

void World::flip(const FunctionPtr& function, Flip to) {
  auto one = std::make_shared<KillSwitch>();
  one->scope = {function->spec.service, function->spec.name};
  one->aborts = to == Flip::kEnds;
  one->reason = "because";
  gates.of(function->id)->set_limit(to == Flip::kOn ? kUnlimited : 0);
  ++version_;
  for (auto& shard : shards_) {
    if (to == Flip::kOn) {
      shard->directory.apply({version_, SwitchGone{one->scope, function->id}});
    } else {
      shard->directory.apply({version_, SwitchPut{one}});
    }
    shard->dispatcher.on_switch(one->scope);
  }
}

void World::configure_async(const FunctionPtr& function, std::uint32_t retries_max, Seconds age_max,
                            const std::string& qualifier) {
  auto config = std::make_shared<AsyncConfig>();
  config->qualifier = qualifier;
  config->function_id = function->id;
  config->retries_max = retries_max;
  config->age_max = age_max;
  for (auto& shard : shards_) shard->directory.apply({++version_, AsyncConfigPut{config}});
}

namespace {

std::optional<Lineage> below(const CallId& root, const FunctionPtr& function) {
  if (root == CallId{}) return std::nullopt;
  return child_lineage(root_lineage(root, FunctionId{1}), root, function->id);
}

}  // namespace

void World::stop_tree(std::uint16_t shard, const CallId& root) {
  StoppedTree tree;
  tree.root = root;
  tree.version = ++version_;
  tree.reason = "because";
  tree.since = clock.wall();
  const Change change{version_, TreeStopped{std::make_shared<const StoppedTree>(tree)}};
  shards_[shard]->directory.apply(change);
  shards_[shard]->dispatcher.on_tree_stopped(tree);
  shards_[shard]->pump.on_tree_stopped();
}

void World::stop_tree(const CallId& root) {
  for (std::uint16_t i = 0; i < shards_.size(); ++i) stop_tree(i, root);
}

CallId World::call(std::uint16_t shard, const FunctionPtr& function, const CallId& root) {
  auto call = std::make_unique<Call>();
  call->id = next_id();
  call->function = function->id;
  call->home = ShardIndex{shard};
  call->arrived = clock.now();
  call->lineage = lineage ? lineage : below(root, function);
  const CallId id = call->id;
  shards_[shard]->dispatcher.submit(std::move(call));
  return id;
}

CallId World::enqueue(std::uint16_t shard, const FunctionPtr& function, std::string name,
                      const CallId& root) {
  NewCall call;
  call.lineage = lineage ? lineage : below(root, function);
  call.name = std::move(name);
  call.id = next_id();
  call.function = function->id;
  call.accepted = call.due = clock.wall();
  const CallId id = call.id;
  shards_[shard]->queue.accept(std::move(call), [](const Result<void>&) {});
  return id;
}

std::shared_ptr<std::optional<StopResult>> World::stop(std::uint16_t shard,
                                                       const FunctionPtr& function,
                                                       const CallId& id) {
  auto answer = std::make_shared<std::optional<StopResult>>();
  shards_[shard]->pump.stop(function->id, id, [answer](StopResult result) { *answer = result; });
  return answer;
}

bool World::cancel(std::uint16_t shard, const FunctionPtr& function, const CallId& id) {
  return shards_[shard]->dispatcher.cancel(function->id, id);
}

bool World::deliver_letter(std::uint16_t to) {
  const auto first = static_cast<std::size_t>(rng.below(mail_.size()));
  for (std::size_t step = 0; step < mail_.size(); ++step) {
    auto& box = mail_[to][(first + step) % mail_.size()];
    if (box.empty()) continue;
    Letter letter = std::move(box.front());
    box.pop_front();
    shards_[to]->dispatcher.on_letter(std::move(letter));
    return true;
  }
  return false;
}

bool World::step() {
  bool moved = false;
  const auto first = rng.below(shards_.size() * 3);
  for (std::uint64_t i = 0; i < shards_.size() * 3 && !moved; ++i) {
    const auto pick = (first + i) % (shards_.size() * 3);
    const auto at = static_cast<std::uint16_t>(pick / 3);
    if (pick % 3 == 0) moved = deliver_letter(at);
    if (pick % 3 == 1) moved = shards_[at]->queue.step(clock.wall());
    if (pick % 3 == 2 && !frozen && !instances.empty()) {
      auto it = instances.begin();
      std::advance(it, static_cast<std::ptrdiff_t>(rng.below(instances.size())));
      for (std::size_t n = 0; n < instances.size() && !moved; ++n) {
        moved = (*it)->step();
        if (!moved && ++it == instances.end()) it = instances.begin();
      }
    }
  }
  for (auto& shard : shards_) {
    shard->wheel.advance(clock.now());
    moved |= shard->dispatcher.end_of_turn();
  }
  return moved;
}

void World::settle_down() {
  for (int i = 0; i < 1'000'000; ++i) {
    if (!step()) return;
  }
  FAIL() << "the world does not come to rest";
}

void World::advance(Duration by) {
  clock.advance(by);
  for (auto& shard : shards_) shard->wheel.advance(clock.now());
}

void World::until_quiet(Duration at_most) {
  const Instant end = clock.now() + at_most;
  settle_down();
  while (clock.now() < end && (unsettled() > 0 || running > 0)) {
    advance(Millis{250});
    settle_down();
  }
}

const Outcome* World::outcome(const CallId& id) const {
  const auto found = outcomes_.find(id);
  return found == outcomes_.end() ? nullptr : &found->second;
}

std::size_t World::unsettled() const {
  std::size_t calls = 0;
  for (const auto& shard : shards_) {
    calls += shard->queue.unsettled() + shard->dispatcher.calls_here();
  }
  return calls;
}

Dispatcher& World::dispatcher(std::uint16_t shard) { return shards_[shard]->dispatcher; }
NaiveQueue& World::queue(std::uint16_t shard) { return shards_[shard]->queue; }
const Pacer& World::pacer(std::uint16_t shard) { return shards_[shard]->pump.pacer(); }

void World::expect_slots_add_up(const FunctionPtr& function) {
  const auto gate = gates.of(function->id);
  EXPECT_EQ(gate->places(), live);
  std::uint32_t free = 0;
  for (std::uint16_t i = 0; i < shards_.size(); ++i) {
    while (gate->take_slot(ShardIndex{i})) ++free;
  }
  EXPECT_EQ(free, live * function->spec.instance_concurrency - running);
}

}  // namespace convoke::testing
