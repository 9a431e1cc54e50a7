// One engine's part in the limits that hold for all engines together.
//
// Of each function that has a limit, the server keeps who has how much of it, and the parts never
// sum up to more. An engine takes its part in batches, so that a call for a warm instance asks
// nobody; it is its own until its lease runs out, and is renewed while it is used. What is spare
// goes to who waits elsewhere: they say so on a channel, and whoever has some looks at once. A part
// that shrinks counts on the server only when its instances are gone.
//
// Where a limit falls, each engine's part falls in proportion before the change is answered: so
// their sum is within the new limit then, whoever has heard of what.
//
// First shard's thread only, but for want(). The world and the gates outlive it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/edge/clock.h"
#include "core/edge/rng.h"
#include "core/edge/timer_wheel.h"
#include "core/guard/gate.h"
#include "core/guard/place_source.h"
#include "core/guard/shared/share_rules.h"
#include "core/registry/shared/server.h"
#include "queue/redis/link.h"
#include "queue/redis/script.h"
#include "queue/redis/subscription.h"

namespace convoke {

struct SharedLimitsOptions {
  redis::LinkOptions link;
  std::string prefix = "convoke";
  std::string engine;  // a name that no other engine has, nor had
  Duration lease{};    // as redis::Options::lease
  // A part is kept beyond its lease, until the server says otherwise: then all parts together may
  // be more than the limit.
  bool outlives_server = false;
};

class SharedLimits final : public PlaceSource,
                           private shared_registry::Server::Owner,
                           private redis::SubscriptionOwner {
 public:
  using Post = std::function<void(std::function<void()>)>;  // onto the first shard's thread
  // Our part of a function's limit has changed: every shard's dispatcher is to hear of it.
  using Changed = std::function<void(FunctionId)>;

  SharedLimits(SharedLimitsOptions options, const redis::LinkWorld& world, GateTable& gates,
               Rng rng, Post post, Changed changed);
  SharedLimits(const SharedLimits&) = delete;
  SharedLimits& operator=(const SharedLimits&) = delete;

  void want(FunctionId function) override;
  // Before the gate has the new limit; `before` and `now` may be kUnlimited.
  void on_limit(FunctionId function, std::uint32_t before, std::uint32_t now);

 private:
  struct Part {
    std::shared_ptr<Gate> gate;
    std::uint32_t share = 0;   // as the server has it
    std::uint32_t limit = 0;   // when it was asked for,
    std::uint32_t wanted = 0;  // and how much
    Instant until{};           // then it is void
    Instant renew_at{};
    Instant grown_at{};       // from nothing
    Instant patient_until{};  // it was refused
    bool asking = false;
    bool ask_again = false;
    Rivals rivals;
  };

  void on_server() override {}                         // its script goes there with the first call
  void on_no_server(const Error& /*why*/) override {}  // leases run out
  void on_subscribed() override {}
  void on_message(std::string_view channel, std::string_view function) override;
  void on_lost(const Error& /*why*/) override {}  // the ticks go on

  [[nodiscard]] Part& part_of(FunctionId function);
  void ask(FunctionId function, Part& part);
  void on_asked(FunctionId function, Instant sent, const redis::Answer& answer);
  void settle(FunctionId function, Part& part);
  void tick();
  [[nodiscard]] bool look(FunctionId function, Part& part);  // false: nothing is to be kept of it
  [[nodiscard]] std::uint32_t to_ask_for(const Part& part) const;

  const SharedLimitsOptions options_;
  const std::string channel_;
  const Clock& clock_;
  TimerWheel& wheel_;
  GateTable& gates_;
  const Post post_;
  const Changed changed_;
  std::unordered_map<FunctionId, Part> parts_;
  shared_registry::Server server_;
  redis::Subscription subscription_;
  Timer tick_ = timer_for<&SharedLimits::tick>(this);
};

[[nodiscard]] const redis::Script& share_script();  // share.lua

}  // namespace convoke
