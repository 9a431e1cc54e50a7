#include "queue/history/apply.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <variant>

#include "core/model/firing.h"
#include "queue/history/record.h"
#include "queue/history/rows.h"
#include "queue/history/schema.h"

namespace convoke::history {
namespace {

using sqlite::Failure;

struct Known {
  std::int64_t number = 0;
  FunctionId function;
  WallTime accepted{};
  CallState state = CallState::kEnqueued;
  WallTime started{};
  std::uint32_t retries = 0;
  std::uint64_t events = 0;
};

WallTime last_start(const Known& known, const AttemptReport& report) {
  return report.started == WallTime{} ? known.started : report.started;
}

class FactWriter {
 public:
  FactWriter(sqlite::Database& database, Applied& applied)
      : database_(database), applied_(applied) {}

  Failure write(const Fact& fact) {
    return std::visit([&](const auto& what) { return write(fact, what); }, fact);
  }

 private:
  Failure write(const Fact& fact, const Accepted& accepted);
  Failure write(const Fact& fact, const Attempted& attempted);
  Failure write(const Fact& fact, const Finished& finished);
  Failure write(const Fact& fact, const Delivered& delivered);
  Failure write(const Fact& fact, const Fired& fired);
  template <class Volatile>
  Failure write(const Fact& fact, const Volatile& what) {
    std::optional<Known> known;
    Failure found = find_unfinished(what.id, known);
    if (known) see(*known, fact);
    return found;
  }

  Failure find_unfinished(const CallId& id, std::optional<Known>& known);
  Failure insert_call(const Accepted& accepted);
  Failure make_room_for(const Accepted& accepted);
  Failure insert_attempt(const Known& known, const AttemptReport& report, WallTime ended,
                         CallState became, std::uint32_t retries);
  Failure keep_early(const Delivered& delivered);
  Failure take_early(const Finished& finished, std::string& status);
  Failure insert_result(std::int64_t number, const Finished& finished);
  void see(const Known& known, const Fact& fact) {
    applied_.seen.push_back({known.function, {known.accepted, known.number}, &fact});
  }

  sqlite::Database& database_;
  Applied& applied_;
};

// Without a value, and counted: the fact is ignored.
Failure FactWriter::find_unfinished(const CallId& id, std::optional<Known>& known) {
  Failure found = database_.for_each_row(
      [&](const sqlite::Statement& row) {
        known = Known{row.integer(0),
                      FunctionId{static_cast<std::uint64_t>(row.integer(1))},
                      wall_from_ms(row.integer(2)),
                      static_cast<CallState>(row.integer(3)),
                      wall_from_ms(row.integer(4)),
                      static_cast<std::uint32_t>(row.integer(5)),
                      static_cast<std::uint64_t>(row.integer(6))};
      },
      "SELECT number, function, accepted_ms, status, started_ms, retries, events FROM calls "
      "WHERE id = ?",
      stored(id));
  if (known && has_ended(known->state)) known.reset();
  if (!known) ++applied_.ignored;
  return found;
}

Failure FactWriter::insert_call(const Accepted& accepted) {
  return database_.run(
      "INSERT OR IGNORE INTO calls(id, function, name, qualifier, accepted_ms, due_ms) "
      "VALUES(?,?,?,?,?,?)",
      stored(accepted.id), stored(accepted.function), std::string_view(accepted.name),
      std::string_view(accepted.qualifier), to_ms(accepted.accepted), to_ms(accepted.due));
}

// Of another call, whose end never came here, or whose record outlived the journals' knowledge.
Failure FactWriter::make_room_for(const Accepted& accepted) {
  Failure gone = database_.run(
      "DELETE FROM calls WHERE function = ? AND name = ? AND name <> '' AND id <> ?",
      stored(accepted.function), std::string_view(accepted.name), stored(accepted.id));
  if (!sqlite::failed(gone)) applied_.replaced += static_cast<std::uint64_t>(database_.changes());
  return gone;
}

Failure FactWriter::write(const Fact&, const Accepted& accepted) {
  Failure done = insert_call(accepted);
  if (!sqlite::failed(done) && database_.changes() == 0) {
    const std::uint64_t before = applied_.replaced;
    done = make_room_for(accepted);
    if (!sqlite::failed(done) && applied_.replaced == before) {
      ++applied_.repeated;
      return done;
    }
    if (!sqlite::failed(done)) done = insert_call(accepted);
  }
  if (sqlite::failed(done) || accepted.event.empty()) return done;
  return database_.run("INSERT INTO payloads VALUES(?,?)", database_.last_row(),
                       sqlite::Blob{accepted.event});
}

Failure FactWriter::insert_attempt(const Known& known, const AttemptReport& report, WallTime ended,
                                   CallState became, std::uint32_t retries) {
  Failure done =
      database_.run("INSERT INTO attempts VALUES(?,?,?,?,?,?,?,?,?,?)", known.number,
                    static_cast<std::int64_t>(known.events + 1), to_ms(report.dequeued),
                    to_ms(report.started), to_ms(ended), stored(became),
                    std::string_view(report.instance_id), std::int64_t{report.duration.count()},
                    std::string_view(report.error), std::string_view(report.message));
  if (sqlite::failed(done) || retries < kAttemptsKept) return done;
  return database_.run(
      "DELETE FROM attempts WHERE call = ?1 AND event <= (SELECT event FROM attempts "
      "WHERE call = ?1 ORDER BY event DESC LIMIT 1 OFFSET ?2)",
      known.number, std::int64_t{kAttemptsKept});
}

Failure FactWriter::write(const Fact& fact, const Attempted& attempted) {
  std::optional<Known> known;
  Failure done = find_unfinished(attempted.id, known);
  if (sqlite::failed(done) || !known) return done;
  const AttemptReport& report = attempted.report;
  done = database_.run(
      "UPDATE calls SET status = 3, due_ms = ?, started_ms = ?, retries = ?, events = ? "
      "WHERE number = ?",
      to_ms(attempted.due), to_ms(last_start(*known, report)), std::int64_t{attempted.retries},
      static_cast<std::int64_t>(known->events + events_of(report)), known->number);
  if (!sqlite::failed(done))
    done = insert_attempt(*known, report, attempted.at, CallState::kRetrying, attempted.retries);
  see(*known, fact);
  return done;
}

Failure FactWriter::insert_result(std::int64_t number, const Finished& finished) {
  if (finished.result.empty() && !finished.result_cut) return {};
  return database_.run("INSERT INTO results VALUES(?,?,?)", number,
                       std::int64_t{finished.result_cut}, sqlite::Blob{finished.result});
}

// An end that a crash undid may have left a delivery, whose own end can come before this one's:
// what became of it stands, until another delivery says more.
Failure FactWriter::write(const Fact& fact, const Finished& finished) {
  std::optional<Known> known;
  Failure done = find_unfinished(finished.id, known);
  if (sqlite::failed(done) || !known) return done;
  const AttemptReport& report = finished.report;
  const CallState state = state_after(finished.settlement);
  const std::uint32_t retries = std::max(finished.retries, known->retries);
  std::string destination_status = finished.destination_status;
  done = take_early(finished, destination_status);
  if (sqlite::failed(done)) return done;
  done = database_.run(
      "UPDATE calls SET status = ?1, started_ms = ?2, ended_ms = ?3, retries = ?4, events = ?5, "
      "destination_status = CASE WHEN destination_status = '' OR ?6 <> 'Pending' THEN ?6 "
      "ELSE destination_status END WHERE number = ?7",
      stored(state), to_ms(last_start(*known, report)),
      std::max<std::int64_t>(to_ms(finished.at), 1), std::int64_t{retries},
      static_cast<std::int64_t>(known->events + events_of(report)),
      std::string_view(destination_status), known->number);
  if (!sqlite::failed(done)) done = insert_attempt(*known, report, finished.at, state, retries);
  if (!sqlite::failed(done)) done = insert_result(known->number, finished);
  see(*known, fact);
  return done;
}

Failure FactWriter::write(const Fact&, const Delivered& delivered) {
  Failure done =
      database_.run("UPDATE calls SET destination_status = ? WHERE id = ?",
                    std::string_view(delivered.destination_status), stored(delivered.id));
  if (sqlite::failed(done) || database_.changes() > 0) return done;
  return keep_early(delivered);
}

// A journal may tell of it again, having copied the call forward.
Failure FactWriter::write(const Fact&, const Fired& fired) {
  const auto firing = firing_of(fired.id);
  if (!firing) return {};
  return database_.run(
      "INSERT INTO timers VALUES(?1, ?2) ON CONFLICT DO UPDATE SET fired_ms = max(fired_ms, ?2)",
      static_cast<std::int64_t>(firing->trigger), to_ms(firing->due));
}

Failure FactWriter::keep_early(const Delivered& delivered) {
  Failure done =
      database_.run("INSERT OR REPLACE INTO early_deliveries(id, destination_status) VALUES(?,?)",
                    stored(delivered.id), std::string_view(delivered.destination_status));
  if (sqlite::failed(done)) return done;
  return database_.run("DELETE FROM early_deliveries WHERE number <= ?",
                       database_.last_row() - kEarlyKept);
}

// What became of the delivery, where that was told before the end that it follows.
Failure FactWriter::take_early(const Finished& finished, std::string& status) {
  if (status != "Pending") return {};
  bool found = false;
  Failure done = database_.for_each_row(
      [&](const sqlite::Statement& row) {
        found = true;
        status = row.text(0);
      },
      "SELECT destination_status FROM early_deliveries WHERE id = ?", stored(finished.id));
  if (sqlite::failed(done) || !found) return done;
  return database_.run("DELETE FROM early_deliveries WHERE id = ?", stored(finished.id));
}

}  // namespace

Failure apply(sqlite::Database& database, const std::vector<Fact>& facts, Applied& applied) {
  FactWriter writer(database, applied);
  for (const Fact& fact : facts) {
    if (Failure done = writer.write(fact); sqlite::failed(done)) return done;
  }
  return {};
}

}  // namespace convoke::history
