// The tables of history.db. An operator can read them with `sqlite3`: SELECT * FROM history.
//
// Only what stands in the journals is here, so that the rows can be told again from them: that a
// call is Dequeued or Running lives in memory (under_way.h), and is void after a restart.
//
// user_version counts the schema: a change adds a step from the one before to the new one.
#pragma once

#include <array>
#include <cstdint>

namespace convoke::history {

// What is written once and large (events, results) stands apart from what changes: SQLite writes a
// changed row whole. Numbers of states: CallState.
inline constexpr const char* kSchemaStep1 = R"sql(
CREATE TABLE marks(
  journal INTEGER PRIMARY KEY,
  segment INTEGER NOT NULL,
  offset INTEGER NOT NULL
) STRICT;

CREATE TABLE calls(
  number INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE,
  function INTEGER NOT NULL,
  name TEXT NOT NULL,                     -- '' for a call without one, kept because it failed
  qualifier TEXT NOT NULL,
  status INTEGER NOT NULL DEFAULT 0,
  accepted_ms INTEGER NOT NULL,
  due_ms INTEGER NOT NULL,
  started_ms INTEGER NOT NULL DEFAULT 0,  -- of the last attempt that was handed to an instance
  ended_ms INTEGER NOT NULL DEFAULT 0,
  retries INTEGER NOT NULL DEFAULT 0,
  events INTEGER NOT NULL DEFAULT 1,      -- so far; the first is Enqueued
  destination_status TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE UNIQUE INDEX calls_by_name ON calls(function, name) WHERE name <> '';
CREATE INDEX calls_named ON calls(function, accepted_ms) WHERE name <> '';
CREATE INDEX calls_unfinished ON calls(function, accepted_ms) WHERE ended_ms = 0;
CREATE INDEX calls_failed ON calls(function, accepted_ms) WHERE status IN (5, 8);
CREATE INDEX calls_failed_anywhere ON calls(accepted_ms) WHERE status IN (5, 8);
CREATE INDEX calls_by_end ON calls(ended_ms) WHERE ended_ms <> 0;

CREATE TABLE attempts(                    -- and ends that came without one: times 0 then
  call INTEGER NOT NULL REFERENCES calls(number),
  event INTEGER NOT NULL,                 -- number of the first event it makes
  dequeued_ms INTEGER NOT NULL,
  started_ms INTEGER NOT NULL,
  ended_ms INTEGER NOT NULL,
  status INTEGER NOT NULL,                -- what the call became then
  instance TEXT NOT NULL,
  duration_ms INTEGER NOT NULL,
  error TEXT NOT NULL,
  message TEXT NOT NULL,
  PRIMARY KEY(call, event)
) STRICT, WITHOUT ROWID;

CREATE TABLE payloads(                    -- of calls whose event is not empty
  call INTEGER PRIMARY KEY REFERENCES calls(number),
  event BLOB NOT NULL
) STRICT;

CREATE TABLE results(                     -- of calls that answered with something
  call INTEGER PRIMARY KEY REFERENCES calls(number),
  cut INTEGER NOT NULL,
  result BLOB NOT NULL
) STRICT;

CREATE TRIGGER calls_go_whole BEFORE DELETE ON calls BEGIN
  DELETE FROM attempts WHERE call = old.number;
  DELETE FROM payloads WHERE call = old.number;
  DELETE FROM results WHERE call = old.number;
END;

CREATE VIEW history AS SELECT
  lower(substr(hex(id), 1, 8) || '-' || substr(hex(id), 9, 4) || '-' || substr(hex(id), 13, 4) ||
        '-' || substr(hex(id), 17, 4) || '-' || substr(hex(id), 21)) AS request,
  function, name, qualifier,
  CASE status WHEN 0 THEN 'Enqueued' WHEN 3 THEN 'Retrying' WHEN 4 THEN 'Succeeded'
              WHEN 5 THEN 'Failed' WHEN 7 THEN 'Stopped' WHEN 8 THEN 'Expired'
              WHEN 9 THEN 'Invalid' ELSE status END AS status,
  datetime(accepted_ms / 1000, 'unixepoch') AS accepted,
  iif(started_ms, datetime(started_ms / 1000, 'unixepoch'), '') AS started,
  iif(ended_ms, datetime(ended_ms / 1000, 'unixepoch'), '') AS ended,
  retries, destination_status,
  (SELECT error FROM attempts WHERE call = number ORDER BY event DESC LIMIT 1) AS error,
  (SELECT message FROM attempts WHERE call = number ORDER BY event DESC LIMIT 1) AS message
FROM calls;
)sql";

// A delivery's end can come before the end that it follows: the journal was told of the delivery
// first, and a crash or a full file may stand between the two. A call without a name has no row yet
// then. Kept for the last kEarlyKept of them, since the end comes soon or was never wanted.
inline constexpr const char* kSchemaStep2 = R"sql(
CREATE TABLE early_deliveries(
  number INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE,                -- of the call
  destination_status TEXT NOT NULL
) STRICT;
)sql";
inline constexpr std::int64_t kEarlyKept = 10'000;

// For which due time a trigger's timer has fired last. Kept for as long as an older due time could
// be fired for (kFiredKept).
inline constexpr const char* kSchemaStep3 = R"sql(
CREATE TABLE timers(
  trigger_id INTEGER PRIMARY KEY,
  fired_ms INTEGER NOT NULL
) STRICT;
)sql";

// Step n makes version n of version n - 1.
inline constexpr std::array kSchemaSteps = {kSchemaStep1, kSchemaStep2, kSchemaStep3};

}  // namespace convoke::history
