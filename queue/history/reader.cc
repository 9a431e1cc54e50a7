#include "queue/history/reader.h"

#include <fmt/core.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <utility>

namespace convoke::history {
namespace {

using sqlite::Failure;
using sqlite::Rows;
using sqlite::Statement;

// Up to so many names with a prefix are put in order by time; where there are more, a walk in that
// order meets them often enough.
constexpr std::size_t kPrefixRowsMax = 10'000;

Position before_all(Order order) {
  constexpr std::int64_t kFirst = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t kLast = std::numeric_limits<std::int64_t>::max();
  return order == Order::kAscending ? Position{wall_from_ms(kFirst), kFirst}
                                    : Position{wall_from_ms(kLast), kLast};
}

bool comes_after(const Position& position, const Position& other, Order order) {
  return order == Order::kAscending ? position > other : position < other;
}

bool is_held(CallState state) {
  return state == CallState::kDequeued || state == CallState::kRunning ||
         state == CallState::kStopping;
}

}  // namespace

// The condition is the index's own, word for word: SQLite uses a partial index only then.
struct Reader::Index {
  std::string_view name;
  std::string_view condition;

  static Index for_state(const std::optional<CallState>& state) {
    if (state == CallState::kFailed || state == CallState::kExpired) return kFailed;
    if (state == CallState::kEnqueued || state == CallState::kRetrying) return kUnfinished;
    return kNamed;
  }

  static const Index kNamed, kUnfinished, kFailed, kFailedAnywhere;
};
constexpr Reader::Index Reader::Index::kNamed{"calls_named", "name <> ''"};
constexpr Reader::Index Reader::Index::kUnfinished{"calls_unfinished", "ended_ms = 0"};
constexpr Reader::Index Reader::Index::kFailed{"calls_failed", "status IN (5, 8)"};
constexpr Reader::Index Reader::Index::kFailedAnywhere{"calls_failed_anywhere", "status IN (5, 8)"};

// Takes rows in order, until it knows that it is full and that another would follow.
class Reader::PageInMaking {
 public:
  using Matches = std::function<bool(const Record&)>;
  PageInMaking(std::uint32_t limit, Position after, Matches matches)
      : limit_(limit), last_(after), matches_(std::move(matches)) {}

  Rows take(Row row) {
    const bool match = matches_(row.record);
    if (match && rows_.size() == limit_) return another_follows();
    last_ = row.position();
    if (match) rows_.push_back(std::move(row));
    return ++looked_at_ == kRowsLookedAtMax ? another_follows() : Rows::kMore;
  }

  // Ends after its first `count` rows.
  void cut(std::size_t count) {
    rows_.resize(count);
    last_ = rows_.back().position();
    more_ = true;
  }

  [[nodiscard]] std::vector<Row>& rows() { return rows_; }
  [[nodiscard]] const Position& last() const { return last_; }
  [[nodiscard]] bool more() const { return more_; }

 private:
  Rows another_follows() {
    more_ = true;
    return Rows::kEnough;
  }

  std::uint32_t limit_;
  Position last_;
  Matches matches_;
  std::vector<Row> rows_;
  std::uint32_t looked_at_ = 0;
  bool more_ = false;
};

Failure Reader::get(const CallId& id, Payload payload, std::optional<Record>& record) {
  std::optional<Row> found;
  Failure read = database_.for_each_row(
      [&](const Statement& row) { found = row_from(row); },
      fmt::format("SELECT {} FROM calls WHERE id = ?", kRowColumns), stored(id));
  if (!sqlite::failed(read) && found) read = complete(*found, payload);
  if (!sqlite::failed(read) && found) record = std::move(found->record);
  return read;
}

Failure Reader::get(FunctionId function, std::string_view name, Payload payload,
                    std::optional<Record>& record) {
  std::optional<Row> found;
  Failure read = database_.for_each_row(
      [&](const Statement& row) { found = row_from(row); },
      fmt::format("SELECT {} FROM calls WHERE function = ? AND name = ? AND name <> ''",
                  kRowColumns),
      stored(function), name);
  if (!sqlite::failed(read) && found) read = complete(*found, payload);
  if (!sqlite::failed(read) && found) record = std::move(found->record);
  return read;
}

Failure Reader::list(const ListQuery& list, std::optional<Position> after, std::uint64_t query,
                     Page& page) {
  PageInMaking made(list.limit, after.value_or(before_all(list.order)), [&](const Record& record) {
    return matches(list, record, under_way_.find(record.id));
  });
  std::optional<std::vector<Position>> few;
  Failure read;
  if (list.state && is_held(*list.state))
    few = under_way_.all_of(list.function, *list.state);
  else if (!list.name_prefix.empty())
    read = find_by_prefix(list, few);
  if (!sqlite::failed(read))
    read = few ? visit(*std::move(few), list.order, made)
               : walk(Index::for_state(list.state), list.function, list.order, made);
  return sqlite::failed(read) ? read : finish(made, list.payload, query, page);
}

Failure Reader::list(const FailedQuery& list, std::optional<Position> after, std::uint64_t query,
                     Page& page) {
  PageInMaking made(list.limit, after.value_or(before_all(list.order)),
                    [](const Record&) { return true; });
  const Index& index = list.function ? Index::kFailed : Index::kFailedAnywhere;
  Failure read = walk(index, list.function, list.order, made);
  return sqlite::failed(read) ? read : finish(made, list.payload, query, page);
}

// nullopt: too many.
Failure Reader::find_by_prefix(const ListQuery& list, std::optional<std::vector<Position>>& found) {
  found.emplace();
  return database_.for_each_row(
      [&](const Statement& row) {
        if (!row.text(0).starts_with(list.name_prefix)) return Rows::kEnough;
        if (found->size() == kPrefixRowsMax) {
          found.reset();
          return Rows::kEnough;
        }
        found->push_back({wall_from_ms(row.integer(1)), row.integer(2)});
        return Rows::kMore;
      },
      "SELECT name, accepted_ms, number FROM calls INDEXED BY calls_by_name "
      "WHERE function = ? AND name <> '' AND name >= ? ORDER BY name",
      stored(list.function), std::string_view(list.name_prefix));
}

Failure Reader::visit(std::vector<Position> positions, Order order, PageInMaking& page) {
  std::sort(positions.begin(), positions.end(),
            [order](const Position& a, const Position& b) { return comes_after(b, a, order); });
  const std::string sql = fmt::format("SELECT {} FROM calls WHERE number = ?", kRowColumns);
  const Position after = page.last();
  for (const Position& position : positions) {
    if (!comes_after(position, after, order)) continue;
    Rows next = Rows::kMore;
    Failure read = database_.for_each_row(
        [&](const Statement& row) { next = page.take(row_from(row)); }, sql, position.number);
    if (sqlite::failed(read) || next == Rows::kEnough) return read;
  }
  return {};
}

Failure Reader::walk(const Index& index, std::optional<FunctionId> function, Order order,
                     PageInMaking& page) {
  const bool ascending = order == Order::kAscending;
  const std::string sql = fmt::format(
      "SELECT {} FROM calls INDEXED BY {} WHERE {} AND (accepted_ms, number) {} (?, ?) {} "
      "ORDER BY accepted_ms {}, number {}",
      kRowColumns, index.name, index.condition, ascending ? ">" : "<",
      function ? "AND function = ?" : "", ascending ? "ASC" : "DESC", ascending ? "ASC" : "DESC");
  const auto take = [&](const Statement& row) { return page.take(row_from(row)); };
  const Position after = page.last();
  if (!function) return database_.for_each_row(take, sql, to_ms(after.accepted), after.number);
  return database_.for_each_row(take, sql, to_ms(after.accepted), after.number, stored(*function));
}

Failure Reader::finish(PageInMaking& made, Payload payload, std::uint64_t query, Page& page) {
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < made.rows().size(); ++i) {
    Row& row = made.rows()[i];
    if (Failure read = complete(row, payload); sqlite::failed(read)) return read;
    bytes += row.record.event.size() + row.record.result.size();
    if (bytes > kPageBytesMax && i + 1 < made.rows().size()) made.cut(i + 1);
  }
  for (Row& row : made.rows()) page.records.push_back(std::move(row.record));
  if (made.more()) page.next_token = token_for(made.last(), query);
  return {};
}

Failure Reader::complete(Row& row, Payload payload) {
  std::vector<Attempt> attempts;
  Failure read = database_.for_each_row(
      [&](const Statement& attempt) { attempts.push_back(attempt_from(attempt)); },
      fmt::format("SELECT {} FROM attempts WHERE call = ? ORDER BY event", kAttemptColumns),
      row.number);
  if (sqlite::failed(read)) return read;
  show_attempts(row.record, attempts);
  if (const Held* held = under_way_.find(row.record.id))
    show_under_way(row.record, row.events, *held);
  return payload == Payload::kWith ? read_payload(row) : read;
}

Failure Reader::read_payload(Row& row) {
  Record& record = row.record;
  Failure read =
      database_.for_each_row([&](const Statement& found) { record.event = found.blob(0); },
                             "SELECT event FROM payloads WHERE call = ?", row.number);
  if (sqlite::failed(read)) return read;
  return database_.for_each_row(
      [&](const Statement& found) {
        record.result_cut = found.integer(0) != 0;
        record.result = found.blob(1);
      },
      "SELECT cut, result FROM results WHERE call = ?", row.number);
}

// From one function to the next, so that the cost is theirs and not that of their calls.
Failure Reader::functions(FunctionId after, std::uint32_t limit,
                          std::vector<FunctionId>& functions) {
  bool found = true;
  while (found && functions.size() < limit) {
    found = false;
    Failure read = database_.for_each_row(
        [&](const Statement& row) {
          found = true;
          after = FunctionId{static_cast<std::uint64_t>(row.integer(0))};
        },
        "SELECT function FROM calls INDEXED BY calls_named WHERE name <> '' AND function > ? "
        "ORDER BY function LIMIT 1",
        stored(after));
    if (sqlite::failed(read)) return read;
    if (found) functions.push_back(after);
  }
  return {};
}

}  // namespace convoke::history
