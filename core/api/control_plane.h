// The operations that define services, functions, limits, async configs and triggers, and show
// them; that flip kill switches, and stop trees.
//
// Threads: one shard's. Nothing here is kept between a request and its answer but `done` itself: a
// ControlPlane may go while answers are still under way.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/api/router.h"
#include "core/http/message.h"
#include "core/model/error.h"
#include "core/model/function.h"
#include "core/registry/change.h"
#include "core/registry/directory.h"
#include "core/registry/mutation.h"
#include "core/registry/source.h"

namespace convoke {

// What the control plane needs of the engine.
class ControlHost {
 public:
  virtual ~ControlHost() = default;
  // Executes it on the registry's thread. `done` runs once, on this shard's thread, when every
  // shard holds the change, so that a client sees its own.
  virtual void mutate(Mutation mutation, std::function<void(Result<Change>)> done) = 0;
  // Whose this engine is, as answers show it.
  [[nodiscard]] virtual std::string account_id() const { return {}; }
  // This shard's view.
  [[nodiscard]] virtual const Directory& directory() const = 0;
  // Where this engine listens: for links of clients whose Host names no port (the Node SDK's).
  [[nodiscard]] virtual std::uint16_t port() const = 0;
  // A path of this engine as whoever is given it may GET it: signed, where requests must be.
  [[nodiscard]] virtual std::string link_to(std::string path) const { return path; }
  // The zip of this revision, read on the registry's thread; `done` as above.
  virtual void read_code(FunctionPtr function, std::function<void(Result<std::string>)> done) = 0;
  // Asynchronous calls of functions that the scope covers, that have not ended.
  virtual void count_waiting(const SwitchScope& scope,
                             std::function<void(std::uint64_t)> counted) = 0;
  virtual void who_has_what(RegistrySource::Asked asked) = 0;  // as RegistrySource
  // Of whose tree a call is that runs on this engine; of any other the id itself.
  [[nodiscard]] virtual CallId root_of(const CallId& id) const { return id; }
};

class ControlPlane {
 public:
  explicit ControlPlane(ControlHost& host) : host_(host) {}

  // For routes answered by the control plane. `done` runs exactly once, from inside this call or
  // later; the response has its X-Fc-Request-Id.
  using Done = std::function<void(http::Response)>;
  void handle(const Route& route, http::Request request, std::string request_id, Done done);

 private:
  void mutate(Operation operation, Result<Mutation> mutation, std::string request_id, Done done);
  void list_switches(std::string request_id, Done done);
  void list_stopped_trees(std::string request_id, Done done);
  void download_code(const Route& route, std::string request_id, Done done);

  ControlHost& host_;
};

}  // namespace convoke
