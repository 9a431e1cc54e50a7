// Would a trigger or an async config close a loop, in which each call causes the next without end?
// Pure.
//
// What causes what:
//   a function, called through a qualifier -> the functions that its async config of that
//                                             qualifier names as destinations
//   a function, however it is called       -> the outputs that any of its triggers declares
//   an output, BUCKET/PREFIX               -> the functions of the object triggers that it may set
//                                             off: on that bucket, for objects created, where one
//                                             of the two prefixes begins with the other
// A change is refused if it would lie on a way that comes back to where it began. A trigger or
// config that says allowLoop causes nothing here: all loops through it are meant, and it is never
// refused. What a change leaves as it is in all that counts here is not checked again.
//
// How this can be wrong.
//   Destinations. Refused, though harmless: the function may always succeed (its onFailure is never
//   taken), or the loop may end by itself (a function that counts down). Missed: destinations that
//   are URLs, also of this engine; calls that a function makes by itself. Those are for the guard
//   of recursion, when they happen.
//   Outputs. Refused, though harmless: a suffix is not compared, since what a function writes
//   beneath a prefix may end in anything; an output that is declared and never written; a function
//   that writes only when called in another way. Missed: outputs that are not declared, or declared
//   too narrowly; objects that are removed; links from bucket to bucket that others make (copies,
//   replication).
//   Qualifiers. Missed: two that mean the same code have configs of their own, and are two.
//   allowLoop. Missed: further loops through what says so, which nobody meant.
#pragma once

#include <cstddef>

#include "core/model/error.h"
#include "core/registry/definitions.h"
#include "core/registry/directory.h"
#include "core/registry/trigger.h"

namespace convoke {

// Steps from one to the next that a check follows; beyond, a change must say allowLoop.
inline constexpr std::size_t kLoopStepsMax = 1'000'000;

// As if it stood in the directory, in place of the one of its name. InvalidArgument spells the loop
// out: "bucket photos/ -> s/resize -> bucket photos/". LimitExceeded: too much to follow.
[[nodiscard]] Result<void> check_loops(const Directory& directory, const Trigger& proposed);
[[nodiscard]] Result<void> check_loops(const Directory& directory, const AsyncConfig& proposed);

// Whether an object that is written there may set the trigger off.
[[nodiscard]] bool may_set_off(const ObjectOutput& output, const ObjectTrigger& trigger);

}  // namespace convoke
