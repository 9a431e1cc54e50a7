// Brings the outcomes of accepted calls to users' URLs: claims deliveries from the store, posts
// them, and has what came of it written down.
//
// Bounded: kDeliveriesMax under way on a shard, kDeliveriesOfOneMax of one function's, so that a
// slow host delays its own function's deliveries. What is under way when the engine ends is
// delivered again after the next start.
//
// Threads: one shard's. All of its world outlives it.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/edge/clock.h"
#include "core/edge/poster.h"
#include "core/edge/rng.h"
#include "core/registry/directory.h"
#include "queue/queue.h"

namespace convoke {

inline constexpr std::size_t kDeliveriesMax = 64;
inline constexpr std::size_t kDeliveriesOfOneMax = 16;  // of one function's

struct DelivererWorld {
  const Clock& clock;
  const Directory& directory;
  Poster& poster;
  const std::string& key;  // that signs
};

class Deliverer {
 public:
  using Alarm = std::function<void(std::string_view)>;
  Deliverer(const DelivererWorld& world, Rng rng, Alarm alarm);
  void attach(Queue& queue) { queue_ = &queue; }

  // As QueueListener, for delivery lines.
  void on_ready(FunctionId line);
  void on_claimed(FunctionId line, std::vector<ClaimedCall> deliveries);

  void drain() { draining_ = true; }  // begins no more
  [[nodiscard]] std::size_t under_way() const { return under_way_; }

 private:
  void claim_more();
  void post(ClaimedCall delivery);
  void end_without_record(const ClaimedCall& delivery);
  void on_answer(const ClaimedCall& delivery, const PostAnswer& answer);
  void written(const ClaimedCall& delivery, SettleResult result);

  const DelivererWorld world_;
  Rng rng_;
  Alarm alarm_;
  Queue* queue_ = nullptr;
  std::deque<FunctionId> ready_;                          // each once
  std::unordered_map<FunctionId, std::size_t> claiming_;  // asked for, not yet heard
  std::unordered_map<FunctionId, std::size_t> posted_;    // claimed, their end not yet written
  std::size_t asked_ = 0;                                 // the sum of those
  std::size_t under_way_ = 0;
  bool draining_ = false;
};

}  // namespace convoke
