// A registry.db of schema 1, as `sqlite3 registry.db .dump` showed it after the program of that
// version had written it: a service, a function with a variable, a limit. Never to be changed.
#pragma once

namespace convoke {

inline constexpr const char* kRegistryV1 = R"sql(
BEGIN TRANSACTION;
CREATE TABLE registry(
  version INTEGER NOT NULL                -- of the last change; only grows
) STRICT;
INSERT INTO registry VALUES(3);
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
INSERT INTO services VALUES('shop',1,'sells things','',1,1700000000000,1700000000000,'1');
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
INSERT INTO functions VALUES(2,'shop','checkout',1,'','python3','index.handler','',30,60,128,1,9000,'2','123',4,1700000001000,1700000001000,'2');
CREATE TABLE function_environment(
  function INTEGER NOT NULL REFERENCES functions(id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY(function, name)
) STRICT, WITHOUT ROWID;
INSERT INTO function_environment VALUES(2,'RATE','0.2');
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
INSERT INTO on_demand_limits VALUES('services/shop/functions/checkout',2,'',5);
CREATE INDEX on_demand_limits_by_function ON on_demand_limits(function);
COMMIT;
PRAGMA user_version = 1;
)sql";

}  // namespace convoke
