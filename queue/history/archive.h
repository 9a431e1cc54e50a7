// What may be asked of a history, wherever it lies: in SQLite behind the journals, or in Redis
// beside the queue. record.h says what is kept and how lists are ordered and cut into pages.
//
// Threads: one shard's. Every question is answered exactly once, on the shard's thread, in a later
// turn, unless the archive is destroyed before; and in the order of asking, as far as one is about
// what another has changed. An answer sees whatever this engine's shards were told before it was
// asked for: who has had a 202 finds the call.
//
// Errors, besides those named: InternalServerError or ServiceUnavailable, it cannot be read now.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/model/error.h"
#include "core/model/ids.h"
#include "queue/history/record.h"

namespace convoke::history {

// A call, and where to look for it.
struct CallRef {
  FunctionId function;
  CallId id;
};

class Archive {
 public:
  template <class T>
  using Answer = std::function<void(Result<T>)>;

  virtual ~Archive() = default;

  // nullopt: not in the history.
  virtual void get(FunctionId function, std::string name, Payload payload,
                   Answer<std::optional<Record>> answer) = 0;
  virtual void get(const CallId& id, Payload payload, Answer<std::optional<Record>> answer) = 0;

  // InvalidArgument: a limit out of its bounds, a token that this query did not make (its limit and
  // payload may change from page to page).
  virtual void list(ListQuery query, Answer<Page> answer) = 0;
  virtual void list_failed(FailedQuery query, Answer<Page> answer) = 0;
  // The same page without the calls that were taken before: two who run calls again at once meet
  // none twice. A call is taken until it is purged or put back; at the latest until its taker is
  // certainly no more.
  virtual void take_failed(FailedQuery query, Answer<Page> answer) = 0;
  virtual void put_back(std::vector<CallRef> calls) = 0;
  // Removes of `calls` (at most kPurgedMax) those that failed or expired; says how many.
  static constexpr std::size_t kPurgedMax = 1000;
  virtual void purge(std::vector<CallRef> calls, Answer<std::uint64_t> answer) = 0;

  // Functions with calls that have a name, beyond `after`, in ascending order, at most `limit`.
  virtual void functions_with_history(FunctionId after, std::uint32_t limit,
                                      Answer<std::vector<FunctionId>> answer) = 0;
};

[[nodiscard]] inline std::vector<CallRef> refs_of(const std::vector<Record>& records) {
  std::vector<CallRef> refs;
  refs.reserve(records.size());
  for (const Record& record : records) refs.push_back({record.function, record.id});
  return refs;
}

}  // namespace convoke::history
