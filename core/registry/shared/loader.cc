#include "core/registry/shared/loader.h"

#include <iterator>
#include <utility>

namespace convoke::shared_registry {

Loader::Loader(const Options& options, const redis::LinkWorld& world, IoThread& thread,
               CodeStore& code, Rng rng)
    : world_(world),
      keys_(options.prefix),
      progress_(world.clock.now()),
      local_code_(code, thread),
      server_(world, options.link, rng, *this),
      carrier_(keys_, server_, [this] { progress_ = world_.clock.now(); }),
      feed_({keys_, server_, local_code_, carrier_, world.clock, world.wheel}, known_, *this) {}

void Loader::on_server() {
  progress_ = world_.clock.now();
  trouble_.reset();
  feed_.catch_up();
}

void Loader::on_known(RegistryStep step, const std::string& /*by*/) {
  progress_ = world_.clock.now();
  changes_.insert(changes_.end(), std::make_move_iterator(step.changes.begin()),
                  std::make_move_iterator(step.changes.end()));
}

void Loader::on_caught_up() { done_ = !feed_.misled(); }

}  // namespace convoke::shared_registry
