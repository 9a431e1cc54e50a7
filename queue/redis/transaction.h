// Commands that a server executes together, or none of them (MULTI ... EXEC), in the making.
//
//     Transaction both;
//     both.add(Command("XADD").arg(key)...).add(Command("HINCRBY").arg(key)...);
//     connection.send_together(both, handler);
//
// The answer is an array of their replies, in order; one may be an error, and the others are
// executed all the same. Or it is an error itself: EXECABORT, and then nothing was executed; or
// another where the server does not take MULTI, and then each was by itself. Once that was seen, no
// more are to be sent (Pipeline::together).
#pragma once

#include <cstddef>
#include <string>

#include "queue/redis/command.h"

namespace convoke::redis {

class Transaction {
 public:
  Transaction& add(const Command& command) {
    command.append_to(encoded_);
    ++commands_;
    return *this;
  }

  [[nodiscard]] std::size_t commands() const { return commands_; }
  // That come before its answer: that it has begun, and for each command that it was heard.
  [[nodiscard]] std::size_t replies_before() const { return commands_ + 1; }
  void append_to(std::string& out) const;

 private:
  std::string encoded_;
  std::size_t commands_ = 0;
};

}  // namespace convoke::redis
