// The history of calls that have a name, and of those that failed, in SQLite behind the journals.
//
// It runs behind what the stores have accepted and settled: a store tells facts (facts.h) in the
// order of its journal, with the mark up to which they reach, and both are committed together. A
// journal may let go of a segment once mark_of() is past its end; after a crash it tells again from
// there. So no crash loses history, and a fact is applied once. A lost history.db loses the history
// of calls that have ended, and no call.
//
// A commit is durable when it returns (WAL, synchronous=FULL): a mark that could be lost would let
// go of a segment whose facts are lost with it.
//
// Owner and thread: one; everything blocks, so that is an IoThread. After an I/O error every later
// write is refused until the program is restarted, since nobody knows what the disk holds.
//
// Errors, besides those named: InternalServerError, the database cannot be read.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/error.h"
#include "core/model/firing.h"
#include "queue/history/archive.h"
#include "queue/history/facts.h"
#include "queue/history/housekeeping.h"
#include "queue/history/record.h"

namespace convoke::history {

struct Options {
  Millis retention = std::chrono::hours{7 * 24};  // after a call's end
  std::uint64_t bytes_max = 4ULL << 30;           // of records; beyond it the oldest end first goes
};

// Since open.
struct Counts {
  std::uint64_t facts = 0;     // applied
  std::uint64_t ignored = 0;   // about calls that are not here, or have ended
  std::uint64_t repeated = 0;  // acceptances of calls that are here already
  std::uint64_t replaced = 0;  // records whose name a later call was accepted under
  std::uint64_t unshown = 0;   // calls under way beyond what memory holds of them
  std::uint64_t expired = 0;   // records older than the retention
  std::uint64_t for_room = 0;  // records that went before it, for lack of room
  std::uint64_t purged = 0;
};

class History {
 public:
  // Opens the database or makes a new one. Nothing in it is under way: that is void now.
  // InternalServerError, with a message that says what to do: not a database, damaged, written by a
  // newer program, no permission.
  [[nodiscard]] static Result<std::unique_ptr<History>> open(const std::string& path,
                                                             Options options = {});
  // Whether open() would succeed on what is there, or on nothing. Changes nothing; may be asked
  // while an engine has it open.
  [[nodiscard]] static Result<void> check(const std::string& path);
  ~History();
  History(const History&) = delete;
  History& operator=(const History&) = delete;

  // All of it, with its marks, or nothing. Chapters of volatile facts alone touch no disk.
  // ServiceUnavailable: nothing was changed, and telling it again later is right (disk full,
  // database locked). InternalServerError, for good: an I/O error before this; a mark is behind
  // mark_of(), or facts of a journal come without one: this history belongs to other journals, see
  // forget().
  [[nodiscard]] Result<void> apply(const std::vector<Chapter>& chapters);

  // How far into the journal all is committed. A journal never told of: {}.
  [[nodiscard]] Mark mark_of(std::uint32_t journal) const;

  // The journal is no more; one of that number would begin anew.
  [[nodiscard]] Result<void> forget(std::uint32_t journal);
  [[nodiscard]] std::vector<std::uint32_t> journals() const;  // told of and not forgotten, in order

  // nullopt: not in the history.
  [[nodiscard]] Result<std::optional<Record>> get(FunctionId function, std::string_view name,
                                                  Payload payload);
  [[nodiscard]] Result<std::optional<Record>> get(const CallId& id, Payload payload);

  // InvalidArgument: a limit out of its bounds, a token that this query did not make (its limit and
  // payload may change from page to page).
  [[nodiscard]] Result<Page> list(const ListQuery& query);
  [[nodiscard]] Result<Page> list_failed(const FailedQuery& query);
  // The same page without the calls that were taken before: two who run calls again at once meet
  // none twice. A call is taken until it is purged or put back, or the engine ends.
  [[nodiscard]] Result<Page> take_failed(const FailedQuery& query);
  void put_back(const std::vector<CallId>& calls);

  // Functions with calls that have a name, beyond `after`, in ascending order.
  [[nodiscard]] Result<std::vector<FunctionId>> functions_with_history(FunctionId after,
                                                                       std::uint32_t limit);

  // A call of that name is here, whatever has become of it.
  [[nodiscard]] Result<bool> name_in_use(FunctionId function, std::string_view name);

  // For which due time each timer has fired last, as far as that was less than kFiredKept ago.
  [[nodiscard]] Result<std::vector<Firing>> fired();

  // Removes of `calls` (at most kPurgedMax) those that failed or expired, durably; says how many.
  static constexpr std::size_t kPurgedMax = Archive::kPurgedMax;
  [[nodiscard]] Result<std::uint64_t> purge(const std::vector<CallId>& calls);

  // One bounded step of removing what is too old or too much. To be called every minute or so, and
  // again while it says `more`.
  [[nodiscard]] Result<Collected> collect(WallTime now);

  [[nodiscard]] Result<std::uint64_t> bytes();
  [[nodiscard]] Counts counts() const;

 private:
  struct Implementation;
  explicit History(std::unique_ptr<Implementation> implementation);
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace convoke::history
