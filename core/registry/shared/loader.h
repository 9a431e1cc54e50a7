// Reads the registry once, before an engine serves: all rows, and the code that is not here yet.
// The engine does not count as one that lives meanwhile.
//
// One thread's, which is the loop's of its world. The code store and the world outlive it.
#pragma once

#include <optional>
#include <vector>

#include "core/edge/io_thread.h"
#include "core/registry/code_store.h"
#include "core/registry/shared/feed.h"
#include "core/registry/shared/options.h"
#include "core/registry/shared/server.h"

namespace convoke::shared_registry {

class Loader final : private Server::Owner, private FeedOwner {
 public:
  Loader(const Options& options, const redis::LinkWorld& world, IoThread& thread, CodeStore& code,
         Rng rng);
  ~Loader() override = default;
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  [[nodiscard]] bool done() const { return done_; }
  // When something last came of it: who waits, waits on from there.
  [[nodiscard]] Instant progress() const { return progress_; }
  // Why it is not done yet, as far as that is known.
  [[nodiscard]] const std::optional<Error>& trouble() const { return trouble_; }
  // When done: what is known, and the changes that led there.
  [[nodiscard]] Known take_known() { return std::move(known_); }
  [[nodiscard]] std::vector<Change> take_changes() { return std::move(changes_); }

 private:
  void on_server() override;
  void on_no_server(const Error& why) override { trouble_ = why; }
  void on_known(RegistryStep step, const std::string& by) override;
  void on_caught_up() override;
  void on_trouble(const Error& why) override { trouble_ = why; }

  const redis::LinkWorld world_;
  const Keys keys_;
  bool done_ = false;
  Instant progress_;
  std::optional<Error> trouble_;
  Known known_;
  std::vector<Change> changes_;
  LocalCode local_code_;
  Server server_;
  CodeCarrier carrier_;
  Feed feed_;
};

}  // namespace convoke::shared_registry
