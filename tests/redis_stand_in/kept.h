// What a server has on its disk: with `appendfsync everysec` a crash may lose what was answered
// last. So the commands of the last moments are kept beside the state before them.
#pragma once

#include <deque>

#include "core/model/instant.h"
#include "tests/redis_stand_in/commands.h"

namespace convoke::stand_in {

class Kept {
 public:
  // At most so much can be lost; 0: nothing ever, and nothing is kept.
  explicit Kept(Duration loss_max) : loss_max_(loss_max) {}

  [[nodiscard]] Value execute(Session& session, const Words& words, Instant now, WallTime wall);
  // Everything that was executed after now - `lost` has not been, and no script is loaded.
  void crash(Instant now, Duration lost);
  [[nodiscard]] Commands& commands() { return commands_; }

 private:
  struct Executed {
    Session session;
    Words words;
    Instant at;
    WallTime wall;
  };
  void repeat_first();

  const Duration loss_max_;
  Commands commands_;
  Commands before_;  // without those in last_
  std::deque<Executed> last_;
};

}  // namespace convoke::stand_in
