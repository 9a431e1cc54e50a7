// The places of one instance, where its calls are seen to run, and what each of them carries.
//
// Threads: one shard's. An instance in this process carries nothing: its callables call nobody by
// way of us that could send it back.
#pragma once

#include <optional>
#include <vector>

#include "core/guard/lineage_token.h"
#include "core/guard/running_calls.h"
#include "core/model/function.h"
#include "core/model/instant.h"
#include "core/model/lineage.h"

namespace convoke {

class RootLedger;

// What an engine's lineages need; null: it keeps none. All outlive all instances.
struct LineageWorld {
  const LineageSeal* seal = nullptr;
  RunningCalls* running = nullptr;
  RootLedger* ledger = nullptr;
};

class HostPlaces {
 public:
  HostPlaces(const LineageWorld& world, const Function& function);
  ~HostPlaces();
  HostPlaces(const HostPlaces&) = delete;
  HostPlaces& operator=(const HostPlaces&) = delete;

  // What the instance carries as long as it has had no call, and for calls that its first steps
  // cause later.
  [[nodiscard]] std::optional<CarriedLineage> before_calls();

  // A place for a call that begins; 0 where there are none.
  [[nodiscard]] PlaceTag take();
  [[nodiscard]] std::optional<CarriedLineage> begin(PlaceTag place, const CallId& call,
                                                    const Lineage& lineage, WallTime deadline);
  void end(PlaceTag place);   // its caller has been answered; idempotent
  void free(PlaceTag place);  // it has come out of the instance

 private:
  [[nodiscard]] bool carries() const { return world_.seal != nullptr; }

  const LineageWorld world_;
  const FunctionId function_;
  const bool alone_;
  std::vector<PlaceTag> free_;
  std::vector<PlaceTag> all_;
};

}  // namespace convoke
