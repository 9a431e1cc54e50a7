// How the servers of a cluster are found, and found again.
#include <algorithm>
#include <utility>

#include "queue/redis/cluster.h"
#include "queue/redis/cluster_node.h"

namespace convoke::redis {
namespace {

Error not_covered(std::size_t slots) {
  return {ErrorCode::kServiceUnavailable, "the cluster is not whole: nobody has " +
                                              std::to_string(slots) + " of its " +
                                              std::to_string(kSlots) + " slots"};
}

}  // namespace

Cluster::Node& Cluster::node_at(const Address& address) {
  std::unique_ptr<Node>& node = nodes_[address.text()];
  if (!node) {
    LinkOptions options = seed_;
    options.target = seed_.target.at(address);
    node = std::make_unique<Node>(*this, options, rng_.fork(address.text()));
  }
  return *node;
}

Cluster::Node* Cluster::find_up() {
  const auto is_up = [](const auto& node) { return node.second->connection.ready(); };
  auto found = std::find_if(nodes_.upper_bound(last_asked_), nodes_.end(), is_up);
  if (found == nodes_.end()) found = std::find_if(nodes_.begin(), nodes_.end(), is_up);
  if (found == nodes_.end()) return nullptr;
  last_asked_ = found->first;
  return found->second.get();
}

Address Cluster::address() const {
  for (const auto& [text, node] : nodes_) {
    if (node->connection.ready()) return node->address();
  }
  return seed_.target.address;
}

bool Cluster::owns_slots(const Node& node) const {
  return std::any_of(routes_.begin(), routes_.end(),
                     [&node](const Route& route) { return route.owner == &node; });
}

void Cluster::introduce(Node& node) {
  if (!std::exchange(node.introduced, true)) owner_.on_server(node.connection);
}

void Cluster::on_node_up(Node& node) {
  if (owns_slots(node)) introduce(node);
  if (!ready_) read_map_soon();
  release_all();
  flush_soon(node);
  look_whether_ready();  // may destroy us
}

// One that has no slots is missed by nobody.
void Cluster::on_node_lost(Node& node, const Error& why) {
  flush_soon(node);  // by which what was under way there is told
  read_map_soon();
  const bool missed = !map_known_ || owns_slots(node);
  if (!missed) {
    for (auto& [slot, waiting] : waiting_) {
      for (auto& [number, job] : waiting.jobs) {
        if (job->once && job->once->text() == node.address().text()) job->once.reset();
      }
    }
    return release_all();
  }
  ready_ = false;
  refuse_waiting();
  owner_.on_lost(why);  // may destroy us
}

void Cluster::look_whether_ready() {
  if (ready_ || !map_known_) return;
  for (const auto& [address, node] : nodes_) {
    if (!node->connection.ready() && owns_slots(*node)) return;
  }
  ready_ = true;
  fruitless_ = 0;
  map_.cancel();
  owner_.on_ready();
}

// ---- the map ----

void Cluster::read_map_soon() {
  if (reading_map_ || map_.scheduled()) return;
  const Millis pause = kMapEvery * (1 << std::min(fruitless_, 4U));
  const auto jitter =
      static_cast<std::int64_t>(rng_.below(static_cast<std::uint64_t>(pause.count())));
  const Instant due = map_read_ + pause + Millis{jitter};
  world_.wheel.schedule(map_, map_read_ == Instant{} ? Instant{} : due);
}

void Cluster::read_map() {
  Node* const node = find_up();
  if (node == nullptr) return;  // the first that is up asks for it
  reading_map_ = true;
  map_read_ = world_.clock.now();
  node->connection.send(
      Command("CLUSTER").arg("SLOTS"),
      [this, asked = node->address()](const Answer& answer) { on_map(answer, asked); });
  flush_soon(*node);
}

void Cluster::on_map(const Answer& answer, const Address& asked) {
  reading_map_ = false;
  if (!ready_) ++fruitless_;
  if (!ready_ || answer.fate != Fate::kReplied) read_map_soon();
  if (answer.fate != Fate::kReplied) return;
  const auto map = parse_slots(answer.reply, asked);
  std::optional<Error> odd;
  if (!map) odd = map.error();
  if (map && map->uncovered() > 0) odd = not_covered(map->uncovered());
  if (!odd) {
    apply(*map);
    return look_whether_ready();  // may destroy us
  }
  odd->message = "Redis at " + asked.text() + ": " + odd->message;
  if (!ready_) owner_.on_lost(*odd);
}

void Cluster::apply(const SlotMap& map) {
  std::vector<Node*> masters;
  for (const Address& master : map.masters) masters.push_back(&node_at(master));
  for (std::size_t slot = 0; slot < kSlots; ++slot) {
    routes_[slot].owner = masters[map.owners[slot]];
  }
  map_known_ = true;
  for (Node* const master : masters) {
    if (master->connection.ready()) introduce(*master);
  }
  drop_unused();
  release_all();
}

// Not the seed: it may be the one that is there when all others have changed their addresses.
void Cluster::drop_unused() {
  std::erase_if(nodes_, [this](auto& entry) {
    Node& node = *entry.second;
    if (node.jobs > 0 || owns_slots(node)) return false;
    for (const auto& [slot, waiting] : waiting_) {
      for (const auto& [number, job] : waiting.jobs) {
        if (job->once && job->once->text() == entry.first) return false;
      }
    }
    if (std::exchange(node.introduced, false)) owner_.on_gone(node.connection);
    return entry.first != seed_.target.address.text();
  });
}

}  // namespace convoke::redis
