// One server of a cluster, as Cluster sees it.
#pragma once

#include <cstddef>
#include <utility>

#include "queue/redis/cluster.h"

namespace convoke::redis {

class Cluster::Node final : private ConnectionOwner {
 public:
  Node(Cluster& cluster, const LinkOptions& options, Rng rng)
      : cluster_(cluster), connection(cluster.world_, options, cluster.limits_, rng, *this) {}

  [[nodiscard]] const Address& address() const { return connection.target().address; }

 private:
  void on_ready() override { cluster_.on_node_up(*this); }
  void on_lost(const Error& why) override {
    introduced = false;
    cluster_.on_node_lost(*this, why);
  }

  Cluster& cluster_;

 public:
  std::size_t jobs = 0;     // under way there
  bool introduced = false;  // to the owner, since it is up
  bool to_flush = false;    // by the timer
  Connection connection;
};

}  // namespace convoke::redis
