// Where an engine's registry lives, as the desk sees it: on this engine's own disk
// (local_source.h), or on a server, shared with other engines (shared/).
//
// Both promise the same: what was committed is told in the order of its versions, and a change is
// answered when every shard of this engine has applied it.
//
// Threads: opened and closed on the engine's thread while the shards do not run; all else on the
// first shard's, which also gets every callback. No callback is made from inside a call, but for
// those of applied() and leave().
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/edge/io_thread.h"
#include "core/model/error.h"
#include "core/model/instant.h"
#include "core/registry/change.h"
#include "core/registry/mutation.h"

namespace convoke {

// Changes that every shard applies together, and then holds this version.
struct RegistryStep {
  std::uint64_t version = 0;
  std::vector<Change> changes;  // in this order; may be none
};

class RegistryOwner {
 public:
  virtual ~RegistryOwner() = default;
  // To be taken through all shards, in the order in which steps come; then say applied().
  virtual void on_step(RegistryStep step) = 0;
  // Calls may be started until then, and no longer. Told anew each time that it moves; never told
  // where the registry is this engine's own.
  virtual void on_lease(Instant until) = 0;
};

// An engine among those that share the registry, and what it has applied.
struct EngineApplied {
  std::string name;
  std::uint64_t version = 0;
};

class RegistrySource {
 public:
  using Asked = std::function<void(std::optional<std::vector<EngineApplied>>)>;
  virtual ~RegistrySource() = default;

  // What was committed before this start, to be applied by every shard in this order.
  [[nodiscard]] virtual const std::vector<Change>& loaded() const = 0;
  // Once, after loaded() was applied. The thread does what blocks; owner and thread outlive what
  // lies between this and close().
  virtual void open(RegistryOwner& owner, IoThread& thread) = 0;
  // Nothing starts here any more: others need not wait for this engine. `left` runs once, soon; it
  // may be that they could not be told.
  virtual void leave(std::function<void()> left) = 0;
  // What is not answered by now never is. Before the first shard goes.
  virtual void close() = 0;

  // Exactly once, unless closed before: with the change, after every shard has applied it; or with
  // why nothing was changed. ServiceUnavailable may mean, and then says, that it was changed all
  // the same.
  using Done = std::function<void(Result<Change>)>;
  virtual void execute(Mutation mutation, WallTime now, Done done) = 0;
  // All shards have applied all steps up to the one with this version.
  virtual void applied(std::uint64_t version) = 0;

  // Which version each engine that lives has applied; none, where the registry is this engine's
  // own. nullopt: they cannot be asked.
  virtual void who_has_what(Asked asked) = 0;

  // The zip of this revision's code. ServiceUnavailable: it has been removed since, or the disk
  // does not give it.
  using Zip = std::function<void(Result<std::string>)>;
  virtual void read_zip(FunctionPtr function, Zip zip) = 0;
  // Removes unpacked code that neither a committed function nor `in_use` names
  // (CodePackage::directory of revisions that still run). Frees disk; nobody waits for it.
  virtual void collect_code(std::vector<std::string> in_use) = 0;
};

}  // namespace convoke
