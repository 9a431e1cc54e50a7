#include "queue/history/history.h"

#include <fmt/core.h>

#include <map>
#include <set>
#include <utility>
#include <variant>

#include "core/sqlite/file.h"
#include "core/sqlite/sqlite.h"
#include "queue/history/apply.h"
#include "queue/history/reader.h"
#include "queue/history/rows.h"
#include "queue/history/schema.h"
#include "queue/history/token.h"
#include "queue/history/under_way.h"

namespace convoke::history {
namespace {

using sqlite::Failure;
using Marks = std::map<std::uint32_t, Mark>;

constexpr sqlite::FileKind kHistoryFile{
    .what = "history",
    .schema_steps = kSchemaSteps,
    .when_damaged =
        "restore it from a backup, or move it away to start with an empty history "
        "(calls that wait or run are not in it alone and will run all the same)",
    .check = sqlite::Check::kSchema,
};

bool is_volatile(const Fact& fact) {
  return std::holds_alternative<Dequeued>(fact) || std::holds_alternative<Started>(fact) ||
         std::holds_alternative<Stopping>(fact) || std::holds_alternative<GivenBack>(fact);
}

bool all_volatile(const std::vector<Fact>& facts) {
  for (const Fact& fact : facts) {
    if (!is_volatile(fact)) return false;
  }
  return true;
}

Error not_its_journal(const Chapter& chapter, const Mark& known) {
  return {ErrorCode::kInternalServerError,
          fmt::format("the history has journal {} up to segment {}, offset {}, and was told of "
                      "segment {}, offset {}: it belongs to other journals (was one of them "
                      "restored from a backup?); move history.db away to start with an empty one",
                      chapter.journal, known.segment, known.offset, chapter.upto.segment,
                      chapter.upto.offset)};
}

// Moves `marks` on; none where nothing needs to be written.
Result<void> move_on(Marks& marks, const Chapter& chapter) {
  Mark& mark = marks[chapter.journal];
  const bool moves = chapter.upto > mark;
  if (!moves && (chapter.upto < mark || !all_volatile(chapter.facts)))
    return not_its_journal(chapter, mark);
  mark = chapter.upto;
  return {};
}

Error bad_limit(std::uint32_t limit) {
  return {ErrorCode::kInvalidArgument,
          fmt::format("limit must be between 1 and {} (actual: {})", kPageMax, limit)};
}

Error bad_token() {
  return {ErrorCode::kInvalidArgument,
          "nextToken is not one that this query answered: ask for the first page without it, and "
          "leave the filters as they are from page to page"};
}

}  // namespace

struct History::Implementation {
  Result<void> open();
  Result<void> apply(const std::vector<Chapter>& chapters);
  void publish(const Applied& applied);
  template <class Work>
  Result<void> write(Work work);
  Failure write_marks(const Marks& moved);
  template <class Query>
  Result<Page> list(const Query& query);
  [[nodiscard]] Error unreadable(const Failure& failure) const {
    return sqlite::cannot_use(kHistoryFile, path, failure);
  }

  std::string path;
  Options options;
  sqlite::Database database;
  Marks marks;
  UnderWay under_way;
  Reader reader{database, under_way};
  Counts counts;
  std::set<CallId> taken;  // of what failed; at most a page for each request under way
  bool poisoned = false;   // an I/O error: what the disk holds is not known any more
};

Result<void> History::Implementation::open() {
  if (Result<void> opened = sqlite::open_file(database, path, kHistoryFile); !opened) return opened;
  const Failure read = database.for_each_row(
      [&](const sqlite::Statement& row) {
        marks[static_cast<std::uint32_t>(row.integer(0))] = Mark{
            static_cast<std::uint64_t>(row.integer(1)), static_cast<std::uint32_t>(row.integer(2))};
      },
      "SELECT journal, segment, offset FROM marks");
  if (sqlite::failed(read)) return unreadable(read);
  return {};
}

// One transaction around `work`.
template <class Work>
Result<void> History::Implementation::write(Work work) {
  if (poisoned)
    return Error{ErrorCode::kInternalServerError,
                 "the history could not be written earlier and takes nothing until the engine is "
                 "restarted: check the disk"};
  Failure done = database.execute("BEGIN IMMEDIATE");
  if (!sqlite::failed(done)) done = work();
  if (!sqlite::failed(done)) done = database.execute("COMMIT");
  if (!sqlite::failed(done)) return {};
  poisoned = done.primary() == SQLITE_IOERR;
  // Fails when SQLite has rolled back by itself, which is as good.
  static_cast<void>(database.execute("ROLLBACK"));
  return sqlite::cannot_write(kHistoryFile, done);
}

Failure History::Implementation::write_marks(const Marks& moved) {
  for (const auto& [journal, mark] : moved) {
    Failure done = database.run("INSERT OR REPLACE INTO marks VALUES(?,?,?)", std::int64_t{journal},
                                static_cast<std::int64_t>(mark.segment), std::int64_t{mark.offset});
    if (sqlite::failed(done)) return done;
  }
  return {};
}

Result<void> History::Implementation::apply(const std::vector<Chapter>& chapters) {
  Marks moved = marks;
  for (const Chapter& chapter : chapters) {
    if (Result<void> moves = move_on(moved, chapter); !moves) return moves;
  }
  Applied applied;
  const auto tell_all = [&]() -> Failure {
    for (const Chapter& chapter : chapters) {
      Failure done = history::apply(database, chapter.facts, applied);
      if (sqlite::failed(done)) return done;
    }
    return {};
  };
  if (moved == marks) {
    if (Failure done = tell_all(); sqlite::failed(done)) return unreadable(done);
  } else {
    Result<void> written = write([&] {
      Failure done = tell_all();
      return sqlite::failed(done) ? done : write_marks(moved);
    });
    if (!written) return written;
    marks = std::move(moved);
  }
  publish(applied);
  for (const Chapter& chapter : chapters) counts.facts += chapter.facts.size();
  return {};
}

void History::Implementation::publish(const Applied& applied) {
  for (const Seen& seen : applied.seen) under_way.apply(seen.function, seen.position, *seen.fact);
  counts.ignored += applied.ignored;
  counts.facts -= applied.ignored;
  counts.repeated += applied.repeated;
  counts.replaced += applied.replaced;
}

template <class Query>
Result<Page> History::Implementation::list(const Query& query) {
  if (query.limit == 0 || query.limit > kPageMax) return bad_limit(query.limit);
  const std::uint64_t fingerprint = fingerprint_of(query);
  std::optional<Position> after;
  if (!query.token.empty()) {
    after = position_in(query.token, fingerprint);
    if (!after) return bad_token();
  }
  Page page;
  if (Failure read = reader.list(query, after, fingerprint, page); sqlite::failed(read))
    return unreadable(read);
  return page;
}

Result<std::unique_ptr<History>> History::open(const std::string& path, Options options) {
  auto implementation = std::make_unique<Implementation>();
  implementation->path = path;
  implementation->options = options;
  if (Result<void> opened = implementation->open(); !opened) return opened.error();
  return std::unique_ptr<History>(new History(std::move(implementation)));
}

Result<void> History::check(const std::string& path) {
  return sqlite::check_file(path, kHistoryFile);
}

History::History(std::unique_ptr<Implementation> implementation)
    : implementation_(std::move(implementation)) {}
History::~History() = default;

Result<void> History::apply(const std::vector<Chapter>& chapters) {
  return implementation_->apply(chapters);
}

Mark History::mark_of(std::uint32_t journal) const {
  const auto found = implementation_->marks.find(journal);
  return found == implementation_->marks.end() ? Mark{} : found->second;
}

Result<void> History::forget(std::uint32_t journal) {
  Implementation& own = *implementation_;
  Result<void> done = own.write([&] {
    return own.database.run("DELETE FROM marks WHERE journal = ?", std::int64_t{journal});
  });
  if (done) own.marks.erase(journal);
  return done;
}

std::vector<std::uint32_t> History::journals() const {
  std::vector<std::uint32_t> numbers;
  for (const auto& [journal, mark] : implementation_->marks) numbers.push_back(journal);
  return numbers;
}

Result<std::optional<Record>> History::get(FunctionId function, std::string_view name,
                                           Payload payload) {
  std::optional<Record> record;
  Failure read = implementation_->reader.get(function, name, payload, record);
  if (sqlite::failed(read)) return implementation_->unreadable(read);
  return record;
}

Result<std::optional<Record>> History::get(const CallId& id, Payload payload) {
  std::optional<Record> record;
  Failure read = implementation_->reader.get(id, payload, record);
  if (sqlite::failed(read)) return implementation_->unreadable(read);
  return record;
}

Result<std::vector<Firing>> History::fired() {
  std::vector<Firing> all;
  Failure read = implementation_->database.for_each_row(
      [&](const sqlite::Statement& row) {
        all.push_back({static_cast<std::uint64_t>(row.integer(0)), wall_from_ms(row.integer(1))});
      },
      "SELECT trigger_id, fired_ms FROM timers");
  if (sqlite::failed(read)) return implementation_->unreadable(read);
  return all;
}

Result<Page> History::list(const ListQuery& query) { return implementation_->list(query); }
Result<Page> History::list_failed(const FailedQuery& query) { return implementation_->list(query); }

Result<Page> History::take_failed(const FailedQuery& query) {
  Result<Page> page = list_failed(query);
  if (!page) return page;
  std::set<CallId>& taken = implementation_->taken;
  std::erase_if(page->records,
                [&taken](const Record& record) { return !taken.insert(record.id).second; });
  return page;
}

void History::put_back(const std::vector<CallId>& calls) {
  for (const CallId& id : calls) implementation_->taken.erase(id);
}

Result<std::vector<FunctionId>> History::functions_with_history(FunctionId after,
                                                                std::uint32_t limit) {
  std::vector<FunctionId> functions;
  Failure read = implementation_->reader.functions(after, limit, functions);
  if (sqlite::failed(read)) return implementation_->unreadable(read);
  return functions;
}

Result<bool> History::name_in_use(FunctionId function, std::string_view name) {
  bool found = false;
  const Failure read = implementation_->database.for_each_row(
      [&](const sqlite::Statement&) { found = true; },
      "SELECT 1 FROM calls WHERE function = ? AND name = ? AND name <> ''", stored(function), name);
  if (sqlite::failed(read)) return implementation_->unreadable(read);
  return found;
}

Result<std::uint64_t> History::purge(const std::vector<CallId>& calls) {
  if (calls.size() > kPurgedMax)
    return Error{
        ErrorCode::kInvalidArgument,
        fmt::format("at most {} calls are purged at once (actual: {})", kPurgedMax, calls.size())};
  Implementation& own = *implementation_;
  std::uint64_t purged = 0;
  Result<void> done = own.write([&] { return history::purge(own.database, calls, purged); });
  if (!done) return done.error();
  own.counts.purged += purged;
  put_back(calls);
  return purged;
}

Result<Collected> History::collect(WallTime now) {
  Implementation& own = *implementation_;
  Collected collected;
  Result<void> done = own.write([&] {
    Failure gone = forget_fired_before(own.database, now - kFiredKept);
    if (sqlite::failed(gone)) return gone;
    gone = collect_ended_before(own.database, now - own.options.retention, collected);
    if (sqlite::failed(gone) || collected.more) return gone;
    return collect_for_room(own.database, own.options.bytes_max, collected);
  });
  if (!done) return done.error();
  own.counts.expired += collected.expired;
  own.counts.for_room += collected.for_room;
  return collected;
}

Result<std::uint64_t> History::bytes() {
  std::uint64_t bytes = 0;
  if (Failure read = bytes_used(implementation_->database, bytes); sqlite::failed(read))
    return implementation_->unreadable(read);
  return bytes;
}

Counts History::counts() const {
  Counts counts = implementation_->counts;
  counts.unshown = implementation_->under_way.unshown();
  return counts;
}

}  // namespace convoke::history
