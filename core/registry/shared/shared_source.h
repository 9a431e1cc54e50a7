// The registry on a Redis server, shared by all engines that use it (queue/redis/SCHEMA.md, "The
// registry").
//
// Reads are from memory, also while the server is away; changes are then answered with
// ServiceUnavailable, and the engine's lease runs out. A change is answered when this engine's
// shards have applied it, and one that limits a function when every engine that may start calls
// has. Others' changes arrive by a message, or within a second if it was lost.
//
// In this order: begin_loading(), until loading() is done; end_loading(); use(); open(); close().
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/edge/rng.h"
#include "core/registry/code_store.h"
#include "core/registry/shared/loader.h"
#include "core/registry/shared/options.h"
#include "core/registry/shared/serving.h"
#include "core/registry/source.h"

namespace convoke::shared_registry {

class SharedSource final : public RegistrySource {
 public:
  // `code`: where this engine unpacks code; no other engine does.
  SharedSource(Options options, CodeStore code, Rng rng);

  [[nodiscard]] const std::string& engine() const { return options_.engine; }

  // On a loop of the caller's, to be turned by them.
  void begin_loading(const redis::LinkWorld& world, IoThread& thread);
  [[nodiscard]] const Loader& loading() const { return *loader_; }
  void end_loading();  // when it is done, and before the loop and the thread go
  void give_up_loading() { loader_.reset(); }

  // The first shard's, for open(): outlives close().
  void use(const redis::LinkWorld& world) { world_.emplace(world); }

  [[nodiscard]] const std::vector<Change>& loaded() const override { return loaded_; }
  void open(RegistryOwner& owner, IoThread& thread) override;
  void leave(std::function<void()> left) override { serving_->leave(std::move(left)); }
  void close() override { serving_.reset(); }
  void execute(Mutation mutation, WallTime now, Done done) override;
  void applied(std::uint64_t version) override;
  void who_has_what(Asked asked) override { serving_->who_has_what(std::move(asked)); }
  void read_zip(FunctionPtr function, Zip zip) override;
  void collect_code(std::vector<std::string> in_use) override;

 private:
  const Options options_;
  CodeStore code_;
  Rng rng_;
  Known known_;  // until open()
  std::vector<Change> loaded_;
  std::optional<redis::LinkWorld> world_;
  std::unique_ptr<Loader> loader_;
  std::unique_ptr<Serving> serving_;
};

}  // namespace convoke::shared_registry
