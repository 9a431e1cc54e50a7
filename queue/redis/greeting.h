// What is said on a new connection before it is used: AUTH, SELECT, CLIENT SETNAME, and a PING,
// which a server refuses while it could not serve (loading, a replica without its master). Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/model/error.h"
#include "queue/redis/reply.h"
#include "queue/redis/target.h"

namespace convoke::redis {

class Greeting {
 public:
  Greeting(const Target& target, const std::string& name);

  [[nodiscard]] const std::string& bytes() const { return bytes_; }  // written once, together
  [[nodiscard]] std::size_t replies() const { return steps_.size(); }
  // The next reply. An error, in an operator's words and without the password, ends it.
  [[nodiscard]] Result<void> take(const Reply& reply);
  [[nodiscard]] bool done() const { return taken_ == steps_.size(); }

 private:
  enum class Step : std::uint8_t { kAuth, kSelect, kSetName, kPing };
  [[nodiscard]] Error refusal(Step step, const Reply& reply) const;

  const Target& target_;
  std::string bytes_;
  std::vector<Step> steps_;
  std::size_t taken_ = 0;
};

}  // namespace convoke::redis
