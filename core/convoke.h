// Convoke, embedded: an engine in your process.
//
//   convoke::EngineOptions options;
//   options.launcher_program = "/usr/lib/convoke/convoke-launcher";
//   auto engine = convoke::Engine::start(std::move(options));
//   if (!engine) return fail(engine.error().message);
//   ...                                   // serves on its own threads
//   (*engine)->drain(convoke::Seconds{30});
//
// Threads: start, drain and the destructor belong to one thread of yours, which is free in between.
// An engine makes its own threads; it installs no signal handler, and expects SIGPIPE ignored.
#pragma once

#include <cstddef>
#include <memory>

#include "core/config.h"
#include "core/edge/wires.h"
#include "core/model/error.h"
#include "core/model/instant.h"

namespace convoke {

class Engine {
 public:
  // Returns when the engine serves. Errors name what is wrong for an operator: the state directory
  // in use by another engine (with its pid), an address that cannot be had, a damaged store.
  [[nodiscard]] static Result<std::unique_ptr<Engine>> start(EngineOptions options);
  ~Engine();  // at once: what runs is cut; what was accepted stays in the store
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  [[nodiscard]] Address address() const;  // with the port that was given
  [[nodiscard]] std::uint16_t shards() const;

  // What was cut when the grace ended: callers who got 503, and accepted calls that will run again.
  struct Cut {
    std::size_t calls = 0;
  };
  // Accepts no more, finishes what runs for up to `grace`, then cuts the rest. Once.
  Cut drain(Duration grace);

 private:
  struct Parts;
  explicit Engine(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace convoke
