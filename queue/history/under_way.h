// The calls that the engine holds now: claimed, running, being stopped. Pure; in memory alone.
//
// These states stand in no journal, so they are void after a restart, and are kept out of the
// database: its rows then are what the journals say, however often they are told. The database
// also writes a call twice in its life instead of four times.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/model/call_state.h"
#include "core/model/ids.h"
#include "core/model/instant.h"
#include "queue/history/facts.h"
#include "queue/history/token.h"

namespace convoke::history {

struct Held {
  FunctionId function;
  Position position;
  CallState state = CallState::kDequeued;  // or Running, or Stopping
  WallTime dequeued{};                     // 0: not told
  WallTime started{};                      // 0: not yet
  WallTime stopping{};                     // 0: nobody asked
  std::string instance_id;
};

class UnderWay {
 public:
  // Follows one fact about a call that history has. Beyond kHeldMax a call is shown as it stands in
  // the database, as if it waited: counted by unshown().
  void apply(FunctionId function, const Position& position, const Fact& fact);

  [[nodiscard]] const Held* find(const CallId& id) const;
  // In ascending order.
  [[nodiscard]] std::vector<Position> all_of(FunctionId function, CallState state) const;
  [[nodiscard]] std::uint64_t unshown() const { return unshown_; }

  static constexpr std::size_t kHeldMax = 1UL << 18;

 private:
  Held* hold(const CallId& id, FunctionId function, const Position& position);

  std::unordered_map<CallId, Held> held_;
  std::uint64_t unshown_ = 0;
};

}  // namespace convoke::history
