// The tables of registry.db. An operator can read them with `sqlite3`.
//
// user_version counts the schema: a change adds a step from the one before to the new one. A new
// database takes all of them, an older one those that it lacks; steps that were released stay.
#pragma once

#include <array>

namespace convoke {

inline constexpr const char* kSchemaStep1 = R"sql(
CREATE TABLE registry(
  version INTEGER NOT NULL                -- of the last change; only grows
) STRICT;
INSERT INTO registry VALUES(0);

CREATE TABLE services(
  name TEXT PRIMARY KEY,
  id INTEGER NOT NULL UNIQUE,
  description TEXT NOT NULL,
  role TEXT NOT NULL,
  internet_access INTEGER NOT NULL,
  created_ms INTEGER NOT NULL,
  modified_ms INTEGER NOT NULL,
  etag TEXT NOT NULL
) STRICT;

CREATE TABLE service_members(             -- kept for clients, not used by the engine
  service TEXT NOT NULL REFERENCES services(name) ON DELETE CASCADE,
  member TEXT NOT NULL,
  json TEXT NOT NULL,
  PRIMARY KEY(service, member)
) STRICT, WITHOUT ROWID;

CREATE TABLE functions(
  id INTEGER PRIMARY KEY,
  service TEXT NOT NULL REFERENCES services(name),
  name TEXT NOT NULL,
  revision INTEGER NOT NULL,
  description TEXT NOT NULL,
  runtime TEXT NOT NULL,
  handler TEXT NOT NULL,
  initializer TEXT NOT NULL,
  initialization_timeout_s INTEGER NOT NULL,
  timeout_s INTEGER NOT NULL,
  memory_mb INTEGER NOT NULL,
  instance_concurrency INTEGER NOT NULL,
  ca_port INTEGER NOT NULL,
  code TEXT NOT NULL,                     -- its name below code/; '' for none
  code_checksum TEXT NOT NULL,
  code_size INTEGER NOT NULL,
  created_ms INTEGER NOT NULL,
  modified_ms INTEGER NOT NULL,
  etag TEXT NOT NULL,
  UNIQUE(service, name)
) STRICT;

CREATE TABLE function_environment(
  function INTEGER NOT NULL REFERENCES functions(id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY(function, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE function_members(            -- kept for clients, not used by the engine
  function INTEGER NOT NULL REFERENCES functions(id) ON DELETE CASCADE,
  member TEXT NOT NULL,
  json TEXT NOT NULL,
  PRIMARY KEY(function, member)
) STRICT, WITHOUT ROWID;

CREATE TABLE on_demand_limits(
  resource TEXT PRIMARY KEY,
  function INTEGER NOT NULL REFERENCES functions(id) ON DELETE CASCADE,
  qualifier TEXT NOT NULL,                -- '' for the function as a whole
  maximum_instance_count INTEGER NOT NULL
) STRICT;
CREATE INDEX on_demand_limits_by_function ON on_demand_limits(function);
)sql";

inline constexpr const char* kSchemaStep2 = R"sql(
CREATE TABLE async_configs(
  function INTEGER NOT NULL REFERENCES functions(id) ON DELETE CASCADE,
  qualifier TEXT NOT NULL,                -- 'LATEST' for calls without one
  on_success TEXT NOT NULL,               -- a destination as it was written; '' for none
  on_failure TEXT NOT NULL,
  age_max_s INTEGER,                      -- NULL, here and below: not set
  retries_max INTEGER,
  stateful INTEGER,
  created_ms INTEGER NOT NULL,
  modified_ms INTEGER NOT NULL,
  PRIMARY KEY(function, qualifier)
) STRICT, WITHOUT ROWID;
)sql";

inline constexpr const char* kSchemaStep3 = R"sql(
CREATE TABLE triggers(
  function INTEGER NOT NULL REFERENCES functions(id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  id INTEGER NOT NULL UNIQUE,
  type TEXT NOT NULL,                     -- 'http', 'timer', 'oss', 'cloudevents'
  description TEXT NOT NULL,
  qualifier TEXT NOT NULL,
  source_arn TEXT NOT NULL,
  invocation_role TEXT NOT NULL,
  outputs TEXT NOT NULL,                  -- 'BUCKET/PREFIX', a line for each
  allow_loop INTEGER NOT NULL,
  auth_type TEXT NOT NULL,                -- of http; columns of other types are '', here and below
  methods TEXT NOT NULL,                  -- a line for each
  cron_expression TEXT NOT NULL,          -- of timers
  payload TEXT NOT NULL,
  enabled INTEGER NOT NULL,
  bucket TEXT NOT NULL,                   -- of oss
  events TEXT NOT NULL,                   -- a line for each; of cloudevents, its filters
  key_prefix TEXT NOT NULL,
  key_suffix TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  modified_ms INTEGER NOT NULL,
  etag TEXT NOT NULL,
  generations_max INTEGER NOT NULL,       -- of oss
  paused_ms INTEGER,                      -- since when; NULL: it is not
  paused_why TEXT NOT NULL,
  PRIMARY KEY(function, name)
) STRICT, WITHOUT ROWID;

ALTER TABLE async_configs ADD COLUMN allow_loop INTEGER NOT NULL DEFAULT 0;

CREATE TABLE kill_switches(
  service TEXT NOT NULL,                  -- '' for everything
  function TEXT NOT NULL,                 -- '' for every function of the service
  function_id INTEGER REFERENCES functions(id) ON DELETE CASCADE,  -- NULL: for no one function
  version INTEGER NOT NULL,               -- of the change that set it
  disabled INTEGER NOT NULL,              -- 0: lifted, and let out gradually from since to until
  aborts INTEGER NOT NULL,
  refuses_async INTEGER NOT NULL,
  reason TEXT NOT NULL,
  set_by TEXT NOT NULL,
  since_ms INTEGER NOT NULL,
  until_ms INTEGER,                       -- it ends by itself then; NULL: never
  PRIMARY KEY(service, function)
) STRICT, WITHOUT ROWID;
)sql";

inline constexpr const char* kSchemaStep4 = R"sql(
CREATE TABLE stopped_trees(
  root TEXT PRIMARY KEY,                  -- the id of the call that began it
  version INTEGER NOT NULL,               -- of the change that stopped it
  reason TEXT NOT NULL,
  set_by TEXT NOT NULL,
  since_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE custom_domains(
  name TEXT PRIMARY KEY,
  routes TEXT NOT NULL,                   -- 'PATH SERVICE[.QUALIFIER]/FUNCTION [METHOD,...]', a line
                                          -- for each
  created_ms INTEGER NOT NULL,
  modified_ms INTEGER NOT NULL,
  etag TEXT NOT NULL
) STRICT, WITHOUT ROWID;
)sql";

// Step n makes version n of version n - 1.
inline constexpr std::array kSchemaSteps = {kSchemaStep1, kSchemaStep2, kSchemaStep3, kSchemaStep4};

}  // namespace convoke
