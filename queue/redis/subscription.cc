#include "queue/redis/subscription.h"

#include <utility>

#include "queue/redis/command.h"

namespace convoke::redis {

Subscription::Subscription(const LinkWorld& world, LinkOptions options,
                           std::vector<std::string> channels, Rng rng, SubscriptionOwner& owner)
    : world_(world),
      channels_(std::move(channels)),
      owner_(owner),
      link_(world, std::move(options), rng, *this) {
  ENSURE(!channels_.empty());
}

void Subscription::on_up() {
  Command subscribe("SUBSCRIBE");
  for (const std::string& channel : channels_) subscribe.arg(channel);
  write(subscribe, channels_.size());
  ping_later();
}

void Subscription::on_reply(const Reply& reply) {
  if (reply.is_error()) return link_.reject("SUBSCRIBE: " + std::string(reply.text()));
  const std::string_view kind = reply[0].text();
  if (kind == "message") return owner_.on_message(reply[1].text(), reply[2].text());
  if (kind == "subscribe" && ++confirmed_ == channels_.size()) return owner_.on_subscribed();
}

void Subscription::on_down(const Error& why, std::size_t /*never_read*/) {
  confirmed_ = 0;
  ping_.cancel();
  owner_.on_lost(why);
}

void Subscription::ping() {
  write(Command("PING"), 1);
  ping_later();
}

void Subscription::ping_later() {
  world_.wheel.schedule(ping_, world_.clock.now() + link_.options().patience / 2);
}

void Subscription::write(const Command& command, std::size_t replies) {
  std::string bytes;
  command.append_to(bytes);
  link_.write(std::move(bytes), replies);
}

}  // namespace convoke::redis
