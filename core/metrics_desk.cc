#include "core/metrics_desk.h"

#include <memory>
#include <utility>

namespace convoke {

void MetricsDesk::gather(std::vector<FunctionPtr> shown, ShardIndex from, Gathered gathered) const {
  struct Round {
    std::vector<FunctionPtr> shown;
    Gathered gathered;
    std::vector<ShardSample> samples;
    std::size_t to_hear;
  };
  MetricsDoor* const home = doors_[from.value];
  const auto round =
      std::make_shared<Round>(Round{std::move(shown), std::move(gathered), {}, doors_.size()});
  round->samples.resize(doors_.size());
  for (std::size_t i = 0; i < doors_.size(); ++i) {
    MetricsDoor* const door = doors_[i];
    door->post([round, door, home, i] {
      door->sample(round->shown, [round, home, i](ShardSample sample) {
        home->post([round, i, sample = std::move(sample)] {
          round->samples[i] = sample;
          if (--round->to_hear == 0) round->gathered(std::move(round->samples));
        });
      });
    });
  }
}

}  // namespace convoke
