#include "queue/redis/pipeline.h"

#include <utility>

#include "queue/redis/cluster.h"
#include "queue/redis/connection.h"

namespace convoke::redis {

std::unique_ptr<Pipeline> connect(const LinkWorld& world, LinkOptions options,
                                  const PipelineLimits& limits, Rng rng, ConnectionOwner& owner) {
  if (options.target.cluster) {
    return std::make_unique<Cluster>(world, std::move(options), limits, rng, owner);
  }
  return std::make_unique<Connection>(world, std::move(options), limits, rng, owner);
}

}  // namespace convoke::redis
