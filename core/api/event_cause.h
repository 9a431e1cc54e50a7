// Which of our own calls caused an event of an object, and so whose child the call is that it sets
// off. In this order:
//
//   1. carried lineage: the object's metadata (x-amz-meta-convoke-lineage, x-oss-meta-...), or the
//      request that tells of the event, holds a token of ours: as of any call
//      (core/guard/lineage.h)
//   2. principal: the store names as who wrote it the temporary credentials of a function
//   ("STS...",
//      core/guard/temporary_credentials.h), calls of which run on this engine
//   3. key: it is derived from one that a call works on (core/guard/object_works.h)
//
// 2 and 3 only say by which call it may have been caused: the new one is a root of its own, with
// that one's depth and visits, so that a guess is never charged to anybody's budget nor stopped
// with anybody's tree. Of the two the deeper one counts. Whatever says it, visits are counted once,
// in the lineage; what they lead to is generation_guard.h's to say.
//
// How each can be wrong.
//   1. Said though it is not so: who copies an object with its metadata copies its lineage. Missed:
//      a function that does not put it there.
//   2. Said though it is not so: another call of that function wrote it, or whoever may notify says
//      so falsely (a name in a body proves nothing). Of several that run the least visited counts:
//      at most too late. Missed: a store that names its own users, as most are set up; a notice
//      that comes when the call is over, or to another engine; writers beyond kWritersMax in one
//      notice.
//   3. See there.
//
// One for each notification: what it has found out holds for that moment. Its thread alone.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "core/api/object_events.h"
#include "core/dispatch/host_places.h"
#include "core/guard/object_works.h"
#include "core/model/ids.h"
#include "core/model/instant.h"
#include "core/model/lineage.h"

namespace convoke {

class EventCause {
 public:
  static constexpr std::size_t kWritersMax = 64;  // each is a look at all that runs

  EventCause(const LineageWorld& lineages, const ObjectWorks& works)
      : lineages_(lineages), works_(works) {}

  // Of the call with this id that the event makes of `callee`; nullopt: none of ours caused it, as
  // far as one can see. `request`: the lineage by the request's own word.
  [[nodiscard]] std::optional<Lineage> lineage_of(const ObjectEvent& event,
                                                  const std::optional<Lineage>& request,
                                                  const CallId& id, FunctionId callee,
                                                  WallTime now);

 private:
  [[nodiscard]] std::optional<Lineage> carried(const ObjectEvent& event, const CallId& id,
                                               FunctionId callee, WallTime now) const;
  [[nodiscard]] std::optional<Lineage> writer_of(const ObjectEvent& event, FunctionId callee,
                                                 WallTime now);
  [[nodiscard]] std::optional<Lineage> by_principal(std::string_view principal, FunctionId callee);

  const LineageWorld lineages_;
  const ObjectWorks& works_;
  std::map<std::pair<FunctionTag, FunctionTag>, std::optional<Lineage>> writers_;  // for whom
};

}  // namespace convoke
