#include "core/registry_start.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "core/loop/entropy.h"
#include "core/loop/io_thread.h"
#include "core/loop/loop.h"
#include "core/loop/wires.h"
#include "core/registry/local_source.h"

namespace convoke {
namespace {

using shared_registry::SharedSource;

InProcessHandlers handlers_of(const EngineOptions& options) {
  return [callables = options.in_process](std::string_view name) {
    return callables && callables->find(std::string(name)) != nullptr;
  };
}

// For an operator to know it by, and never the same twice.
std::string engine_name(Rng& rng) {
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) host[0] = '?';
  return fmt::format("{}:{}:{:016x}", host.data(), getpid(), rng.next());
}

shared_registry::Options shared_options(const EngineOptions& options, const redis::Target& target,
                                        Rng& rng) {
  shared_registry::Options shared;
  shared.link.target = target;
  shared.link.name = "convoke";
  shared.engine = engine_name(rng);
  shared.lease = options.engine_lease;
  shared.in_process_handlers = handlers_of(options);
  shared.alarm = [](std::string_view what) { spdlog::error("{}", what); };
  return shared;
}

Error not_loaded(const redis::Target& target, const std::optional<Error>& trouble) {
  return {ErrorCode::kServiceUnavailable,
          fmt::format("cannot read the registry on {}: {}", target.text(),
                      trouble ? trouble->message : "it does not answer")};
}

Result<void> load(SharedSource& source, const redis::Target& target) {
  Loop loop;
  LoopWires wires(loop);
  LoopIoThread thread(loop);
  source.begin_loading({wires, loop, loop.timers()}, thread);
  Timer look(nullptr, [](void*) {});
  std::optional<Error> failed;
  while (!source.loading().done() && !failed) {
    const Instant given_up = source.loading().progress() + kLoadPatience;
    if (loop.now() >= given_up) failed = not_loaded(target, source.loading().trouble());
    loop.timers().schedule(look, given_up);
    if (!failed) loop.run_one_turn();
  }
  look.cancel();
  if (failed) {
    source.give_up_loading();
    return *failed;
  }
  source.end_loading();
  return {};
}

Result<OpenedRegistry> open_local(const EngineOptions& options, const StateDirectory& state) {
  auto registry = Registry::open({state.path(), handlers_of(options)});
  if (!registry) return registry.error();
  return OpenedRegistry{std::make_unique<LocalSource>(*std::move(registry)), nullptr};
}

}  // namespace

Result<OpenedRegistry> open_registry(const EngineOptions& options, const StateDirectory& state,
                                     const std::optional<redis::Target>& target) {
  if (!target) return open_local(options, state);
  auto code = CodeStore::open(state.shared_code());
  if (!code) return code.error();
  Rng rng = Rng::seeded(entropy_seed());
  auto source = std::make_unique<SharedSource>(shared_options(options, *target, rng),
                                               *std::move(code), rng.fork("registry"));
  if (auto loaded = load(*source, *target); !loaded) return loaded.error();
  SharedSource* const shared = source.get();
  return OpenedRegistry{std::move(source), shared};
}

}  // namespace convoke
