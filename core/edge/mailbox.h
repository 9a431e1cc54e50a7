// Messages between shards: whole values, moved, in order between any two shards.
//
// post() is called on the sender's thread; the receiver's handler runs on its own thread, in a
// later turn (also when a shard posts to itself). Boxes are bounded, and full is an answer: the
// letter is handed back, untouched, and the sender decides.
#pragma once

#include <cstdint>

#include "core/model/ids.h"

namespace convoke {

enum class Posted : std::uint8_t { kYes, kFull };

template <class Letter>
class Mail {
 public:
  virtual ~Mail() = default;
  [[nodiscard]] virtual Posted post(ShardIndex to, Letter& letter) = 0;  // moved from on kYes
  [[nodiscard]] virtual std::uint16_t shards() const = 0;
  [[nodiscard]] virtual ShardIndex self() const = 0;
};

}  // namespace convoke
