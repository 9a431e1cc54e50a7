#include "queue/redis/cluster.h"

#include <algorithm>
#include <utility>

#include "queue/redis/cluster_node.h"

namespace convoke::redis {
namespace {

bool is_for_later(const Reply& reply) {
  return reply.is_error("TRYAGAIN") || reply.is_error("CLUSTERDOWN");
}

}  // namespace

Millis pause_before_retry(unsigned tries, Rng& rng) {
  const unsigned doublings = std::min(tries == 0 ? 0 : tries - 1, 16U);
  const Millis whole = std::min(kTryAgainMax, kTryAgainFirst * (1 << doublings));
  const auto half = static_cast<std::uint64_t>(whole.count()) / 2;
  return Millis{static_cast<std::int64_t>(half + rng.below(half + 1))};
}

Cluster::Cluster(const LinkWorld& world, LinkOptions seed, const PipelineLimits& limits, Rng rng,
                 ConnectionOwner& owner)
    : world_(world), seed_(std::move(seed)), limits_(limits), rng_(rng), owner_(owner) {
  (void)node_at(seed_.target.address);
}

Cluster::~Cluster() = default;

bool Cluster::full() const {
  if (waiting_jobs_ >= limits_.commands_max || waiting_bytes_ >= limits_.bytes_max) return true;
  return std::any_of(nodes_.begin(), nodes_.end(),
                     [](const auto& node) { return node.second->connection.full(); });
}

bool Cluster::idle() const {
  return refused_.empty() && waiting_.empty() &&
         std::all_of(nodes_.begin(), nodes_.end(),
                     [](const auto& node) { return node.second->connection.idle(); });
}

void Cluster::flush() {
  for (const auto& [address, node] : nodes_) node->connection.flush();
}

// What is sent from a callback of ours: the owner's turn may have ended, or not come.
void Cluster::flush_soon(Node& node) {
  node.to_flush = true;
  if (!flush_.scheduled()) world_.wheel.schedule(flush_, Instant{});
}

void Cluster::flush_those() {
  for (const auto& [address, node] : nodes_) {
    if (std::exchange(node->to_flush, false)) node->connection.flush();
  }
}

// ---- on the way ----

void Cluster::send(const Command& command, Handler handler) {
  if (!ready_ || full()) {
    refused_.push_back(std::move(handler));
    if (!tell_.scheduled()) world_.wheel.schedule(tell_, Instant{});
    return;
  }
  submit(std::make_shared<Job>(
      Job{command, std::move(handler), slot_of(command), ++sent_, 0, std::nullopt}));
}

void Cluster::submit(JobPtr job) {
  Node* const node = waiting_.count(job->slot) == 0 ? way_for(*job) : nullptr;
  if (node == nullptr) return wait(job, Duration{0});
  go(job, *node);
}

Cluster::Node* Cluster::way_for(const Job& job) {
  const Route& route = routes_[job.slot];
  Node* const node = job.once ? &node_at(*job.once) : route.owner;
  const bool there = node != nullptr && node->connection.ready();
  return there && (route.jobs == 0 || route.at == node) ? node : nullptr;
}

void Cluster::go(const JobPtr& job, Node& node) {
  introduce(node);
  Route& route = routes_[job->slot];
  route.at = &node;
  ++route.jobs;
  ++node.jobs;
  ++job->tries;
  if (std::exchange(job->once, std::nullopt)) {
    node.connection.send(Command("ASKING"), [](const Answer&) {});
  }
  node.connection.send(job->command, [this, job, &node](const Answer& answer) {
    on_answer(job, node, answer);  // may destroy us
  });
}

void Cluster::on_answer(const JobPtr& job, Node& node, const Answer& answer) {
  --routes_[job->slot].jobs;
  --node.jobs;
  const bool again = goes_again(job, node, answer);
  release(job->slot);
  if (!again) job->handler(answer);
}

// Only with an answer that says that it was not executed.
bool Cluster::goes_again(const JobPtr& job, Node& node, const Answer& answer) {
  if (answer.fate != Fate::kReplied || !answer.reply.is_error()) return false;
  if (!ready_ || job->tries >= kTriesMax) return false;
  if (is_for_later(answer.reply)) {
    if (answer.reply.is_error("CLUSTERDOWN")) read_map_soon();
    wait(job, pause_before_retry(job->tries, rng_));
    return true;
  }
  auto redirection = parse_redirection(answer.reply.text(), node.address());
  if (!redirection || redirection->slot != job->slot) return false;
  if (redirection->once) {
    job->once = std::move(redirection->to);
  } else {
    routes_[job->slot].owner = &node_at(redirection->to);
    read_map_soon();
  }
  const bool at_once = job->tries < kTriesAtOnce;
  wait(job, at_once ? Millis{0} : pause_before_retry(job->tries - kTriesAtOnce, rng_));
  return true;
}

// ---- waiting ----

void Cluster::wait(const JobPtr& job, Duration pause) {
  Waiting& waiting = waiting_[job->slot];
  if (!waiting.jobs.emplace(job->number, job).second) return;
  ++waiting_jobs_;
  waiting_bytes_ += job->command.size();
  if (pause == Duration{0}) return;
  waiting.from = std::max(waiting.from, world_.clock.now() + pause);
  if (!retry_.scheduled() || waiting.from < retry_.due()) {
    world_.wheel.schedule(retry_, waiting.from);
  }
}

// In their order, as far as there is a way.
void Cluster::release(Slot slot) {
  const auto found = waiting_.find(slot);
  if (found == waiting_.end() || found->second.from > world_.clock.now()) return;
  auto& jobs = found->second.jobs;
  while (!jobs.empty()) {
    const JobPtr job = jobs.begin()->second;
    Node* const node = way_for(*job);
    if (node == nullptr) return;
    jobs.erase(jobs.begin());
    --waiting_jobs_;
    waiting_bytes_ -= job->command.size();
    go(job, *node);
    flush_soon(*node);
  }
  waiting_.erase(found);
}

void Cluster::release_all() {
  std::vector<Slot> slots;
  for (const auto& [slot, waiting] : waiting_) slots.push_back(slot);
  for (const Slot slot : slots) release(slot);
  const Instant now = world_.clock.now();
  std::optional<Instant> next;
  for (const auto& [slot, waiting] : waiting_) {
    if (waiting.from > now) next = std::min(next.value_or(waiting.from), waiting.from);
  }
  if (next) world_.wheel.schedule(retry_, *next);
}

void Cluster::refuse_waiting() {
  for (auto& [slot, waiting] : std::exchange(waiting_, {})) {
    for (auto& [number, job] : waiting.jobs) refused_.push_back(std::move(job->handler));
  }
  waiting_jobs_ = waiting_bytes_ = 0;
  if (!refused_.empty()) world_.wheel.schedule(tell_, Instant{});
}

void Cluster::tell_refused() {
  const auto told = std::make_shared<std::vector<Handler>>(std::exchange(refused_, {}));
  telling_ = told;
  for (const Handler& handler : *told) {
    handler({Fate::kNotSent, {}});
    if (told.use_count() == 1) return;  // that has destroyed us
  }
  telling_.reset();
}

}  // namespace convoke::redis
