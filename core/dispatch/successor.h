// What follows the end of an accepted call that has a destination. Pure.
//
// A function is called with the record as its event; a URL gets a delivery: a queued call of its
// own, on a line beside its function's. Both are accepted with the end that they follow (queue.h,
// Q10), so no crash loses one; and each has a name of the engine's own, so that an end that is
// asked for twice, since its answer was lost or its attempt was repeated, is not followed twice at
// once, nor, on Redis, within two minutes. A follower has no other name: in the history it is a
// call without one.
//
// Of a tree that was stopped meanwhile no function is called.
//
// Succeeded calls go to onSuccess, Failed and Expired ones to onFailure, others nowhere.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/dispatch/call.h"
#include "core/model/delivery_line.h"
#include "core/registry/directory.h"
#include "queue/queue.h"

namespace convoke {

// The event of a delivery: where to, and what.
struct DeliveryEvent {
  std::string_view url;
  std::string_view record;
};
[[nodiscard]] std::string encode_delivery(const DeliveryEvent& delivery);
[[nodiscard]] DeliveryEvent decode_delivery(std::string_view event);
[[nodiscard]] std::string follower_name(const CallId& call);  // of the function that is called

struct Successor {
  std::optional<NewCall> call;
  std::string status;  // the call's destinationStatus for now; "": it has no destination
};

class LineageGuard;

struct SuccessorWorld {
  const Directory& directory;
  const LineageGuard* guard = nullptr;  // null: nobody's budget is spent
};

// `fresh`: the id that the successor gets.
[[nodiscard]] Successor successor_of(const Call& call, const Outcome& outcome,
                                     Settlement settlement, const SuccessorWorld& world,
                                     WallTime now, const CallId& fresh);

}  // namespace convoke
