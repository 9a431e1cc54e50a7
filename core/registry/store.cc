#include "core/registry/store.h"

#include <fmt/core.h>

#include <cstdint>
#include <map>
#include <string_view>
#include <utility>
#include <variant>

#include "core/registry/async_config_table.h"
#include "core/registry/domain_table.h"
#include "core/registry/kill_switch_table.h"
#include "core/registry/rules.h"
#include "core/registry/schema.h"
#include "core/registry/stopped_tree_table.h"
#include "core/registry/trigger_table.h"
#include "core/sqlite/file.h"
#include "core/sqlite/sqlite.h"

namespace convoke {
namespace {

using sqlite::Failure;
using sqlite::Statement;

constexpr sqlite::FileKind kRegistryFile{
    .what = "registry",
    .schema_steps = kSchemaSteps,
    .when_damaged =
        "restore it from a backup, or move it away to start with an empty registry "
        "(functions must then be deployed again)",
    .check = sqlite::Check::kWhole,
};

std::int64_t stored(std::uint64_t value) { return static_cast<std::int64_t>(value); }
std::uint64_t loaded(std::int64_t value) { return static_cast<std::uint64_t>(value); }

Error cannot_open(const std::string& path, const Failure& failure) {
  return sqlite::cannot_use(kRegistryFile, path, failure);
}

FunctionSpec spec_from(const Statement& row) {
  FunctionSpec spec;
  spec.service = row.text(1);
  spec.name = row.text(2);
  spec.description = row.text(4);
  spec.runtime_name = row.text(5);
  spec.handler = row.text(6);
  spec.initializer = row.text(7);
  spec.initialization_timeout = Seconds{row.integer(8)};
  spec.timeout = Seconds{row.integer(9)};
  spec.memory_mb = static_cast<std::uint32_t>(row.integer(10));
  spec.instance_concurrency = static_cast<std::uint32_t>(row.integer(11));
  spec.ca_port = static_cast<std::uint16_t>(row.integer(12));
  return spec;
}

Service service_from(const Statement& row) {
  Service service;
  service.name = row.text(0);
  service.id = loaded(row.integer(1));
  service.description = row.text(2);
  service.role = row.text(3);
  service.internet_access = row.integer(4) != 0;
  service.created = wall_from_ms(row.integer(5));
  service.modified = wall_from_ms(row.integer(6));
  service.etag = row.text(7);
  return service;
}

OnDemandLimit limit_from(const Statement& row, const FunctionSpec& spec) {
  OnDemandLimit limit;
  limit.resource = row.text(0);
  limit.service = spec.service;
  limit.qualifier = row.text(2);
  limit.function = spec.name;
  limit.function_id = FunctionId{loaded(row.integer(1))};
  limit.maximum_instance_count = static_cast<std::uint32_t>(row.integer(3));
  return limit;
}

}  // namespace

struct Store::Implementation {
  Result<void> open();
  Result<std::vector<Change>> load_all();
  Result<void> commit(const Change& change);

  Failure load_services(std::map<std::string, Service>& services);
  Failure load_functions(std::map<FunctionId, Function>& functions);
  Failure load_limits(const std::map<FunctionId, Function>& functions,
                      std::vector<OnDemandLimit>& limits);

  Failure write(const Change& change);
  Failure write_what(const ServicePut& put);
  Failure write_what(const ServiceGone& gone);
  Failure write_what(const FunctionPut& put);
  Failure write_what(const FunctionGone& gone);
  Failure write_what(const LimitPut& put);
  Failure write_what(const LimitGone& gone);
  Failure write_what(const AsyncConfigPut& put) { return async_config_table::write(database, put); }
  Failure write_what(const AsyncConfigGone& gone) {
    return async_config_table::write(database, gone);
  }
  Failure write_what(const TriggerPut& put) { return trigger_table::write(database, put); }
  Failure write_what(const TriggerGone& gone) { return trigger_table::write(database, gone); }
  Failure write_what(const SwitchPut& put) { return kill_switch_table::write(database, put); }
  Failure write_what(const SwitchGone& gone) { return kill_switch_table::write(database, gone); }
  Failure write_what(const TreeStopped& stopped) {
    return stopped_tree_table::write(database, stopped);
  }
  Failure write_what(const TreeForgotten& forgotten) {
    return stopped_tree_table::write(database, forgotten);
  }
  Failure write_what(const DomainPut& put) { return domain_table::write(database, put); }
  Failure write_what(const DomainGone& gone) { return domain_table::write(database, gone); }
  Failure write_lists(const Function& function);

  [[nodiscard]] std::string code_name(const CodePackage& code) const;
  [[nodiscard]] Function function_from(const Statement& row) const;

  std::string path;
  std::string code_directory;
  sqlite::Database database;
  std::uint64_t version = 0;
  bool poisoned = false;  // an I/O error: what the disk holds is not known any more
};

Result<std::unique_ptr<Store>> Store::open(const std::string& path, std::string code_directory) {
  auto implementation = std::make_unique<Implementation>();
  implementation->path = path;
  implementation->code_directory = std::move(code_directory);
  if (Result<void> opened = implementation->open(); !opened) return opened.error();
  return std::unique_ptr<Store>(new Store(std::move(implementation)));
}

Store::Store(std::unique_ptr<Implementation> implementation)
    : implementation_(std::move(implementation)) {}
Result<void> Store::check(const std::string& path) {
  return sqlite::check_file(path, kRegistryFile);
}

Store::~Store() = default;

Result<std::vector<Change>> Store::load_all() { return implementation_->load_all(); }
std::uint64_t Store::version() const { return implementation_->version; }
Result<void> Store::commit(const Change& change) { return implementation_->commit(change); }

Result<void> Store::Implementation::open() {
  if (Result<void> opened = sqlite::open_file(database, path, kRegistryFile); !opened)
    return opened;
  const Failure read =
      database.for_each_row([&](const Statement& row) { version = loaded(row.integer(0)); },
                            "SELECT version FROM registry");
  if (failed(read)) return cannot_open(path, read);
  return {};
}

Result<std::vector<Change>> Store::Implementation::load_all() {
  std::map<std::string, Service> services;
  std::map<FunctionId, Function> functions;
  std::vector<OnDemandLimit> limits;
  std::vector<AsyncConfig> configs;
  std::vector<Trigger> triggers;
  std::vector<KillSwitch> switches;
  std::vector<StoppedTree> stopped_trees;
  std::vector<CustomDomain> domains;
  Failure read = load_services(services);
  if (!failed(read)) read = load_functions(functions);
  if (!failed(read)) read = load_limits(functions, limits);
  if (!failed(read)) read = async_config_table::load(database, functions, configs);
  if (!failed(read)) read = trigger_table::load(database, functions, triggers);
  if (!failed(read)) read = kill_switch_table::load(database, switches);
  if (!failed(read)) read = stopped_tree_table::load(database, stopped_trees);
  if (!failed(read)) read = domain_table::load(database, domains);
  if (failed(read)) return cannot_open(path, read);

  std::vector<Change> changes;
  changes.reserve(services.size() + functions.size() + limits.size() + configs.size() +
                  triggers.size() + switches.size() + stopped_trees.size() + domains.size());
  for (auto& [name, service] : services)
    changes.push_back({version, ServicePut{std::make_shared<const Service>(std::move(service))}});
  for (auto& [id, function] : functions)
    changes.push_back(
        {version, FunctionPut{std::make_shared<const Function>(std::move(function))}});
  for (OnDemandLimit& limit : limits)
    changes.push_back({version, LimitPut{std::make_shared<const OnDemandLimit>(std::move(limit))}});
  for (AsyncConfig& config : configs)
    changes.push_back(
        {version, AsyncConfigPut{std::make_shared<const AsyncConfig>(std::move(config))}});
  for (Trigger& trigger : triggers)
    changes.push_back({version, TriggerPut{std::make_shared<const Trigger>(std::move(trigger))}});
  for (StoppedTree& tree : stopped_trees)
    changes.push_back({version, TreeStopped{std::make_shared<const StoppedTree>(std::move(tree))}});
  for (KillSwitch& one : switches)
    changes.push_back({version, SwitchPut{std::make_shared<const KillSwitch>(std::move(one))}});
  for (CustomDomain& one : domains)
    changes.push_back({version, DomainPut{std::make_shared<const CustomDomain>(std::move(one))}});
  return changes;
}

Failure Store::Implementation::load_services(std::map<std::string, Service>& services) {
  Failure read = database.for_each_row(
      [&](const Statement& row) { services.emplace(row.text(0), service_from(row)); },
      "SELECT name, id, description, role, internet_access, created_ms, modified_ms, etag "
      "FROM services");
  if (failed(read)) return read;
  return database.for_each_row(
      [&](const Statement& row) { services[row.text(0)].extra[row.text(1)] = row.text(2); },
      "SELECT service, member, json FROM service_members");
}

Function Store::Implementation::function_from(const Statement& row) const {
  Function function;
  function.id = FunctionId{loaded(row.integer(0))};
  function.spec = spec_from(row);
  function.revision = loaded(row.integer(3));
  const std::string code = row.text(13);
  if (!code.empty()) function.code.directory = code_directory + '/' + code;
  function.code.checksum = row.text(14);
  function.code.size = loaded(row.integer(15));
  function.created = wall_from_ms(row.integer(16));
  function.modified = wall_from_ms(row.integer(17));
  function.etag = row.text(18);
  return function;
}

Failure Store::Implementation::load_functions(std::map<FunctionId, Function>& functions) {
  std::string unknown_runtime;
  Failure read = database.for_each_row(
      [&](const Statement& row) {
        Function function = function_from(row);
        const auto runtime = parse_runtime(function.spec.runtime_name);
        if (!runtime) unknown_runtime = function.spec.runtime_name;
        function.spec.runtime = runtime.value_or(Runtime::kCustom);
        functions.emplace(function.id, std::move(function));
      },
      "SELECT id, service, name, revision, description, runtime, handler, initializer, "
      "initialization_timeout_s, timeout_s, memory_mb, instance_concurrency, ca_port, code, "
      "code_checksum, code_size, created_ms, modified_ms, etag FROM functions");
  if (!unknown_runtime.empty())
    return {SQLITE_CORRUPT, fmt::format("unknown runtime '{}'", unknown_runtime)};
  if (failed(read)) return read;
  read = database.for_each_row(
      [&](const Statement& row) {
        functions[FunctionId{loaded(row.integer(0))}].spec.environment.emplace_back(row.text(1),
                                                                                    row.text(2));
      },
      "SELECT function, name, value FROM function_environment ORDER BY function, name");
  if (failed(read)) return read;
  return database.for_each_row(
      [&](const Statement& row) {
        functions[FunctionId{loaded(row.integer(0))}].extra[row.text(1)] = row.text(2);
      },
      "SELECT function, member, json FROM function_members");
}

Failure Store::Implementation::load_limits(const std::map<FunctionId, Function>& functions,
                                           std::vector<OnDemandLimit>& limits) {
  return database.for_each_row(
      [&](const Statement& row) {
        const auto function = functions.find(FunctionId{loaded(row.integer(1))});
        if (function != functions.end()) limits.push_back(limit_from(row, function->second.spec));
      },
      "SELECT resource, function, qualifier, maximum_instance_count FROM on_demand_limits");
}

Result<void> Store::Implementation::commit(const Change& change) {
  ENSURE(change.version == version + 1);
  if (poisoned)
    return Error{ErrorCode::kServiceUnavailable,
                 "the registry could not be written earlier and takes no change until the engine "
                 "is restarted: check the disk"};
  Failure written = write(change);
  if (!failed(written)) {
    version = change.version;
    return {};
  }
  poisoned = written.primary() == SQLITE_IOERR;
  // Fails when SQLite has rolled back by itself, which is as good.
  static_cast<void>(database.execute("ROLLBACK"));
  return sqlite::cannot_write(kRegistryFile, written);
}

Failure Store::Implementation::write(const Change& change) {
  Failure done = database.execute("BEGIN IMMEDIATE");
  if (!failed(done))
    done = std::visit([this](const auto& what) { return write_what(what); }, change.what);
  if (!failed(done)) done = database.run("UPDATE registry SET version = ?", stored(change.version));
  if (!failed(done)) done = database.execute("COMMIT");
  return done;
}

Failure Store::Implementation::write_what(const ServicePut& put) {
  const Service& service = *put.service;
  Failure done = database.run(
      "INSERT INTO services VALUES(?,?,?,?,?,?,?,?) ON CONFLICT(name) DO UPDATE SET "
      "description = excluded.description, role = excluded.role, "
      "internet_access = excluded.internet_access, modified_ms = excluded.modified_ms, "
      "etag = excluded.etag",
      std::string_view(service.name), stored(service.id), std::string_view(service.description),
      std::string_view(service.role), std::int64_t{service.internet_access}, to_ms(service.created),
      to_ms(service.modified), std::string_view(service.etag));
  if (!failed(done))
    done = database.run("DELETE FROM service_members WHERE service = ?",
                        std::string_view(service.name));
  for (auto at = service.extra.begin(); at != service.extra.end() && !failed(done); ++at)
    done = database.run("INSERT INTO service_members VALUES(?,?,?)", std::string_view(service.name),
                        std::string_view(at->first), std::string_view(at->second));
  return done;
}

Failure Store::Implementation::write_what(const ServiceGone& gone) {
  Failure done = kill_switch_table::write(database, SwitchGone{{gone.name, {}}, {}});
  if (failed(done)) return done;
  return database.run("DELETE FROM services WHERE name = ?", std::string_view(gone.name));
}

std::string Store::Implementation::code_name(const CodePackage& code) const {
  if (code.directory.empty()) return {};
  ENSURE(code.directory.starts_with(code_directory + '/'));
  return code.directory.substr(code_directory.size() + 1);
}

Failure Store::Implementation::write_what(const FunctionPut& put) {
  const Function& function = *put.function;
  const FunctionSpec& spec = function.spec;
  Failure done = database.run(
      "INSERT INTO functions VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) "
      "ON CONFLICT(id) DO UPDATE SET revision = excluded.revision, "
      "description = excluded.description, runtime = excluded.runtime, "
      "handler = excluded.handler, initializer = excluded.initializer, "
      "initialization_timeout_s = excluded.initialization_timeout_s, "
      "timeout_s = excluded.timeout_s, memory_mb = excluded.memory_mb, "
      "instance_concurrency = excluded.instance_concurrency, ca_port = excluded.ca_port, "
      "code = excluded.code, code_checksum = excluded.code_checksum, "
      "code_size = excluded.code_size, modified_ms = excluded.modified_ms, etag = excluded.etag",
      stored(function.id.value), std::string_view(spec.service), std::string_view(spec.name),
      stored(function.revision), std::string_view(spec.description),
      std::string_view(spec.runtime_name), std::string_view(spec.handler),
      std::string_view(spec.initializer), std::int64_t{spec.initialization_timeout.count()},
      std::int64_t{spec.timeout.count()}, std::int64_t{spec.memory_mb},
      std::int64_t{spec.instance_concurrency}, std::int64_t{spec.ca_port},
      std::string_view(code_name(function.code)), std::string_view(function.code.checksum),
      stored(function.code.size), to_ms(function.created), to_ms(function.modified),
      std::string_view(function.etag));
  return failed(done) ? done : write_lists(function);
}

Failure Store::Implementation::write_lists(const Function& function) {
  const std::int64_t id = stored(function.id.value);
  const auto& environment = function.spec.environment;
  Failure done = database.run("DELETE FROM function_environment WHERE function = ?", id);
  if (!failed(done)) done = database.run("DELETE FROM function_members WHERE function = ?", id);
  for (auto at = environment.begin(); at != environment.end() && !failed(done); ++at)
    done = database.run("INSERT INTO function_environment VALUES(?,?,?)", id,
                        std::string_view(at->first), std::string_view(at->second));
  for (auto at = function.extra.begin(); at != function.extra.end() && !failed(done); ++at)
    done = database.run("INSERT INTO function_members VALUES(?,?,?)", id,
                        std::string_view(at->first), std::string_view(at->second));
  return done;
}

Failure Store::Implementation::write_what(const FunctionGone& gone) {
  return database.run("DELETE FROM functions WHERE id = ?", stored(gone.id.value));
}

Failure Store::Implementation::write_what(const LimitPut& put) {
  const OnDemandLimit& limit = *put.limit;
  return database.run(
      "INSERT INTO on_demand_limits VALUES(?,?,?,?) ON CONFLICT(resource) DO UPDATE SET "
      "maximum_instance_count = excluded.maximum_instance_count",
      std::string_view(limit.resource), stored(limit.function_id.value),
      std::string_view(limit.qualifier), std::int64_t{limit.maximum_instance_count});
}

Failure Store::Implementation::write_what(const LimitGone& gone) {
  return database.run("DELETE FROM on_demand_limits WHERE resource = ?",
                      std::string_view(gone.resource));
}

}  // namespace convoke
