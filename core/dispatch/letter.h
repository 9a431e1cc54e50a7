// What shards say to each other about calls.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "core/dispatch/call.h"
#include "core/guard/gate.h"
#include "core/model/ids.h"

namespace convoke {

// To the shard where a slot is kept for this call: run it there.
struct MovedCall {
  CallPtr call;
};

// To the shard with the longest-waiting call: a slot is kept for it on `from`.
struct SlotOffer {
  FunctionId function;
  ShardIndex from;
  Waiter waiter;
};

// The slot that was kept on the receiver is not needed.
struct SlotReturned {
  FunctionId function;
};

// To a call's home: its outcome.
struct Finished {
  CallPtr call;
  Outcome outcome;
};

// To the home of a stateful call: an attempt of it has started.
struct Started {
  Receipt receipt;
  WallTime at{};
  std::string instance_id;
};

// To every shard: end this call if it runs there.
struct StopCall {
  FunctionId function;
  CallId id;
};

// An instance has gone: the receiver, which has calls waiting, may start one.
struct PlaceFree {
  FunctionId function;
};

// The account has room again for instances of any function.
struct AccountPlaceFree {};

// The account is full and somebody waits: let the longest-idle instance go.
struct GiveUpIdle {};

using Letter = std::variant<MovedCall, SlotOffer, SlotReturned, Finished, Started, StopCall,
                            PlaceFree, AccountPlaceFree, GiveUpIdle>;

}  // namespace convoke
