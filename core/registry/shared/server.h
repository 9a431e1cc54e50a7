// The registry's connection to its server. Commands leave at once: there are few, and none of them
// has a turn's others to wait for.
//
// First shard's thread only; as redis::Pipeline else.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "queue/redis/pipeline.h"
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
      : owner_(owner), pipeline_(redis::connect(world, std::move(link), {}, rng, *this)) {}

  [[nodiscard]] bool ready() const { return pipeline_->ready(); }
  // Where a subscription finds a server that is there; with its name.
  [[nodiscard]] redis::LinkOptions for_hearing(redis::LinkOptions link) const {
    link.where = [this] { return pipeline_->address(); };
    return link;
  }
  // It was there, or could not be reached: not while it is sought for the first time.
  [[nodiscard]] bool lost() const { return lost_; }
  void ask(const redis::Command& command, redis::Pipeline::Handler handler) {
    pipeline_->send(command, std::move(handler));
    pipeline_->flush();
  }
  // As redis::send_call. The script outlives the connection.
  void call(const redis::Script& script, redis::Command call, redis::Pipeline::Handler handler) {
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
    pipeline_->flush();
  }

  Owner& owner_;
  bool lost_ = false;
  const std::unique_ptr<redis::Pipeline> pipeline_;
};

}  // namespace convoke::shared_registry
