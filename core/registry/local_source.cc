#include "core/registry/local_source.h"

#include <optional>
#include <utility>

namespace convoke {

LocalSource::LocalSource(std::unique_ptr<Registry> registry) : registry_(std::move(registry)) {}

void LocalSource::open(RegistryOwner& owner, IoThread& thread) {
  owner_ = &owner;
  thread_ = &thread;
}

void LocalSource::close() { unanswered_.clear(); }

void LocalSource::execute(Mutation mutation, WallTime now, Done done) {
  const auto asked = std::make_shared<const Mutation>(std::move(mutation));
  const auto result = std::make_shared<std::optional<Result<Change>>>();
  thread_->run([this, asked, now, result] { *result = registry_->execute(*asked, now); },
               [this, result, done = std::move(done)] { committed(*std::move(*result), done); });
}

void LocalSource::committed(Result<Change> result, Done done) {
  if (!result) return done(std::move(result));
  unanswered_.push_back({*result, std::move(done)});
  owner_->on_step({result->version, {*result}});
}

void LocalSource::applied(std::uint64_t version) {
  while (!unanswered_.empty() && unanswered_.front().change.version <= version) {
    const Unanswered first = std::move(unanswered_.front());
    unanswered_.pop_front();
    first.done(first.change);
  }
}

void LocalSource::who_has_what(Asked asked) {
  thread_->run([] {}, [asked = std::move(asked)] { asked(std::vector<EngineApplied>()); });
}

void LocalSource::read_zip(FunctionPtr function, Zip zip) {
  const auto result = std::make_shared<std::optional<Result<std::string>>>();
  thread_->run(
      [this, function = std::move(function), result] { *result = registry_->read_zip(*function); },
      [result, zip = std::move(zip)] { zip(*std::move(*result)); });
}

void LocalSource::collect_code(std::vector<std::string> in_use) {
  thread_->run([this, in_use = std::move(in_use)] { registry_->collect_code(in_use); }, [] {});
}

}  // namespace convoke
