// Those whom users have named as URLs: they get records, and answer as chance and the atlas say.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "core/edge/poster.h"
#include "tests/sim/instance.h"
#include "tests/sim/stage.h"

namespace convoke::sim {

// A shard's way to them. What is under way when its engine dies may have arrived.
class SimPoster final : public Poster {
 public:
  SimPoster(Stage& stage, Rng rng, TurnIn turn_in)
      : stage_(stage), rng_(rng), turn_in_(std::move(turn_in)) {}
  void post(PostRequest request, Done done) override;

 private:
  void answer(Duration after, PostAnswer answer, Done done);
  void arrive(const std::string& record, Duration after, int status, Done done);

  Stage& stage_;
  Rng rng_;
  const TurnIn turn_in_;
};

}  // namespace convoke::sim
