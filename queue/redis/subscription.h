// A connection that hears what is published on a list of channels.
//
// Nothing published while it is down is heard: each time it is subscribed (again), the owner is
// told, and looks for itself what it may have missed. It pings the server, so that a dead
// connection is noticed within the link's patience and a half.
//
// Threads: one shard's; see Link for the world, and for destroying it in a callback.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/edge/rng.h"
#include "core/edge/timer_wheel.h"
#include "queue/redis/command.h"
#include "queue/redis/link.h"
#include "queue/redis/reply.h"

namespace convoke::redis {

class SubscriptionOwner {
 public:
  virtual ~SubscriptionOwner() = default;
  virtual void on_subscribed() = 0;  // to all channels; messages may have been missed before
  virtual void on_message(std::string_view channel, std::string_view payload) = 0;
  virtual void on_lost(const Error& why) = 0;  // or could not be made; tries again by itself
};

class Subscription final : private LinkHandler {
 public:
  // Connects at once. At least one channel.
  Subscription(const LinkWorld& world, LinkOptions options, std::vector<std::string> channels,
               Rng rng, SubscriptionOwner& owner);
  ~Subscription() override = default;
  Subscription(const Subscription&) = delete;
  Subscription& operator=(const Subscription&) = delete;

  [[nodiscard]] bool subscribed() const { return confirmed_ == channels_.size(); }

 private:
  void on_up() override;
  void on_reply(const Reply& reply) override;
  void on_down(const Error& why, std::size_t never_read) override;
  void ping();
  void ping_later();
  void write(const Command& command, std::size_t replies);

  const LinkWorld world_;
  const std::vector<std::string> channels_;
  SubscriptionOwner& owner_;
  std::size_t confirmed_ = 0;
  Timer ping_ = timer_for<&Subscription::ping>(this);
  Link link_;
};

}  // namespace convoke::redis
