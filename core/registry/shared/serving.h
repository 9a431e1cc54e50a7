// One engine's part in a shared registry, while it serves: its connections, and those who work over
// them.
//
//     subscription -- something was committed, or applied -->  feed, heart
//     feed      what is known here, in order      --> the engine's shards, committer
//     committer what clients ask for              --> answers
//     heart     what is applied here and by all   --> the engine's lease, answers
//
// First shard's thread only. The world, the thread and the code store outlive it.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "core/edge/io_thread.h"
#include "core/registry/code_store.h"
#include "core/registry/shared/answers.h"
#include "core/registry/shared/committer.h"
#include "core/registry/shared/feed.h"
#include "core/registry/shared/heart.h"
#include "core/registry/shared/options.h"
#include "core/registry/shared/server.h"
#include "queue/redis/subscription.h"

namespace convoke::shared_registry {

class Serving final : private Server::Owner,
                      private redis::SubscriptionOwner,
                      private FeedOwner,
                      private HeartOwner,
                      private CommitterOwner {
 public:
  // `known`: applied by all shards.
  Serving(const Options& options, const redis::LinkWorld& world, IoThread& thread, CodeStore& code,
          Known known, RegistryOwner& owner, Rng rng);
  ~Serving() override = default;
  Serving(const Serving&) = delete;
  Serving& operator=(const Serving&) = delete;

  // As RegistrySource has them.
  void execute(Mutation mutation, WallTime now, RegistrySource::Done done) {
    committer_.execute(std::move(mutation), now, std::move(done));
  }
  void applied(std::uint64_t version);
  void leave(std::function<void()> left) { heart_.leave(std::move(left)); }
  void read_zip(const Function& function, RegistrySource::Zip zip) {
    local_code_.read(function.code, std::move(zip));
  }
  void who_has_what(RegistrySource::Asked asked) { heart_.who_has_what(std::move(asked)); }
  void collect_code(std::vector<std::string> in_use);

 private:
  void on_server() override;
  void on_no_server(const Error& why) override { on_trouble(why); }
  void on_subscribed() override { heart_.beat(); }
  void on_message(std::string_view channel, std::string_view payload) override;
  void on_lost(const Error& /*why*/) override {}  // beats find what is missed
  void on_known(RegistryStep step, const std::string& by) override;
  void on_caught_up() override { committer_.on_caught_up(); }
  void on_trouble(const Error& why) override;
  void on_renewed(Instant until) override { owner_.on_lease(until); }
  void on_all_applied(std::uint64_t version) override { answers_.on_all_applied(version); }
  void on_made(Change change, RegistrySource::Done done) override {
    answers_.add(std::move(change), std::move(done));
  }

  const Keys keys_;
  const std::function<void(std::string_view)> alarm_;
  const InProcessHandlers in_process_;
  RegistryOwner& owner_;
  std::string last_trouble_;
  Known known_;
  LocalCode local_code_;
  Server server_;
  CodeCarrier carrier_;
  Feed feed_;
  Heart heart_;
  Committer committer_;
  Answers answers_;
  redis::Subscription subscription_;
};

}  // namespace convoke::shared_registry
