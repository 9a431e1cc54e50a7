#include "core/registry/shared/shared_source.h"

#include <utility>

namespace convoke::shared_registry {

SharedSource::SharedSource(Options options, CodeStore code, Rng rng)
    : options_(std::move(options)), code_(std::move(code)), rng_(rng) {}

void SharedSource::begin_loading(const redis::LinkWorld& world, IoThread& thread) {
  loader_ = std::make_unique<Loader>(options_, world, thread, code_, rng_.fork("loader"));
}

void SharedSource::end_loading() {
  ENSURE(loader_ && loader_->done());
  loaded_ = loader_->take_changes();
  known_ = loader_->take_known();
  loader_.reset();
}

void SharedSource::open(RegistryOwner& owner, IoThread& thread) {
  ENSURE(world_.has_value());
  serving_ = std::make_unique<Serving>(options_, *world_, thread, code_, std::move(known_), owner,
                                       rng_.fork("serving"));
  serving_->collect_code({});
}

void SharedSource::execute(Mutation mutation, WallTime now, Done done) {
  serving_->execute(std::move(mutation), now, std::move(done));
}

void SharedSource::applied(std::uint64_t version) { serving_->applied(version); }

void SharedSource::read_zip(FunctionPtr function, Zip zip) {
  serving_->read_zip(*function, std::move(zip));
}

void SharedSource::collect_code(std::vector<std::string> in_use) {
  serving_->collect_code(std::move(in_use));
}

}  // namespace convoke::shared_registry
