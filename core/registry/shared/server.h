// The registry's connection to its server. Commands leave at once: there are few, and none of them
// has a turn's others to wait for.
//
// First shard's thread only; as redis::Connection else.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "queue/redis/connection.h"
#include "queue/redis/script.h"

namespace convoke::shared_registry {

class Server final : private redis::ConnectionOwner {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void on_server() = 0;  // it is there, for the first time or again
    virtual void on_no_server(const Error& why) = 0;
  };

  Server(const redis::LinkWorld& world, redis::LinkOptions link, Rng rng, Owner& owner)
      : owner_(owner), connection_(world, std::move(link), {}, rng, *this) {}

  [[nodiscard]] bool ready() const { return connection_.ready(); }
  // It was there, or could not be reached: not while it is sought for the first time.
  [[nodiscard]] bool lost() const { return lost_; }
  void ask(const redis::Command& command, redis::Connection::Handler handler) {
    connection_.send(command, std::move(handler));
    connection_.flush();
  }
  // As redis::send_call. The script outlives the connection.
  void call(const redis::Script& script, redis::Command call, redis::Connection::Handler handler) {
    constexpr std::uint32_t kNameAndScript = 2;
    const auto kept = std::make_shared<const redis::Command>(std::move(call));
    ask(*kept, [this, &script, kept, then = std::move(handler)](const redis::Answer& answer) {
      if (!answer.reply.is_error("NOSCRIPT")) return then(answer);
      ask(redis::Command("EVAL").arg(script.text()).args_of(*kept, kNameAndScript), then);
    });
  }

 private:
  void on_ready() override {
    lost_ = false;
    owner_.on_server();
  }
  // What was under way is told of it by the next flush.
  void on_lost(const Error& why) override {
    lost_ = true;
    owner_.on_no_server(why);
    connection_.flush();
  }

  Owner& owner_;
  bool lost_ = false;
  redis::Connection connection_;
};

}  // namespace convoke::shared_registry
