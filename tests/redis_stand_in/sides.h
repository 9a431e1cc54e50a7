// The two that are compared: a real server and the stand-in. Both are asked the same, and what they
// answer is written down in the same words, where it may differ only in what a clock says.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/edge/owned_fd.h"
#include "core/edge/rng.h"
#include "queue/redis/reply_reader.h"
#include "tests/redis_stand_in/commands.h"
#include "tests/redis_stand_in/random_commands.h"

namespace convoke::stand_in {

// The ids that one server has made for a function, in the order in which they were seen.
class SeenIds {
 public:
  [[nodiscard]] std::string name_of(const std::string& id);                // "@7"
  [[nodiscard]] std::string resolved(const std::string& reference) const;  // "@7", "(@7"
  [[nodiscard]] std::size_t size() const { return ids_.size(); }

 private:
  std::map<std::string, std::size_t> places_;
  std::vector<std::string> ids_;
};

class Side {
 public:
  virtual ~Side() = default;
  // Pipelined; in words, one text for each.
  [[nodiscard]] std::vector<std::string> ask(const std::vector<Words>& batch);
  [[nodiscard]] std::size_t ids(std::size_t function) const { return seen_[function].size(); }
  // The next stream begins with an id that no stream had before.
  virtual void pass_time() = 0;

 private:
  virtual void send(const Words& words) = 0;
  // Of what was sent, in order; the reply is there until the next call.
  [[nodiscard]] virtual redis::Reply receive() = 0;

  SeenIds seen_[kFunctions];
};

class RealSide final : public Side {
 public:
  // Empties the server behind this Unix socket.
  explicit RealSide(const std::string& socket);
  void pass_time() override;

 private:
  void send(const Words& words) override;
  [[nodiscard]] redis::Reply receive() override;

  OwnedFd connection_;
  std::string unsent_;
  redis::ReplyReader reader_{redis::ReplyLimits{}};
};

class StandInSide final : public Side {
 public:
  explicit StandInSide(Rng rng) : rng_(rng) {}
  void pass_time() override { now_ += Millis{2}; }

 private:
  void send(const Words& words) override;
  [[nodiscard]] redis::Reply receive() override;

  Rng rng_;
  WallTime now_ = wall_from_ms(1'700'000'000'000);
  Commands commands_;
  Session session_;
  redis::ReplyReader reader_{redis::ReplyLimits{}};
};

}  // namespace convoke::stand_in
