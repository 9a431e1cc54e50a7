#include "core/registry/store.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include "core/registry/directory.h"
#include "tests/registry/registry_v1.h"
#include "tests/registry/some_triggers.h"
#include "tests/registry/temp_dir.h"

namespace convoke {
namespace {

std::unique_ptr<Store> open(const TempDir& directory) {
  Result<std::unique_ptr<Store>> store = Store::open(directory / "registry.db", "/state/code");
  EXPECT_TRUE(store) << (store ? "" : store.error().message);
  return store ? *std::move(store) : nullptr;
}

Error open_error(const TempDir& directory) {
  Result<std::unique_ptr<Store>> store = Store::open(directory / "registry.db", "/state/code");
  EXPECT_FALSE(store);
  return store ? Error{} : store.error();
}

// As an operator, or another program, would.
void run_sql(const TempDir& directory, const std::string& sql) {
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open((directory / "registry.db").c_str(), &database), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
      << sqlite3_errmsg(database);
  sqlite3_close(database);
}

// Each table and index, as SQLite keeps its text.
std::string schema_of(const TempDir& directory) {
  sqlite3* database = nullptr;
  EXPECT_EQ(sqlite3_open((directory / "registry.db").c_str(), &database), SQLITE_OK);
  std::string schema;
  const auto add = [](void* all, int, char** columns, char**) {
    *static_cast<std::string*>(all) += columns[0] + std::string("\n");
    return 0;
  };
  sqlite3_exec(database, "SELECT sql FROM sqlite_schema WHERE sql NOT NULL ORDER BY name", add,
               &schema, nullptr);
  sqlite3_close(database);
  return schema;
}

template <class What>
Result<void> commit(Store& store, What what) {
  return store.commit(Change{store.version() + 1, std::move(what)});
}

Service full_service() {
  Service service;
  service.id = 1;
  service.name = "s";
  service.description = "d\xc3\xbc\n\"";
  service.role = "acs:ram::1:role/r";
  service.internet_access = false;
  service.extra = {{"logConfig", R"({"project":"p"})"}, {"vpcConfig", "{}"}};
  service.created = wall_from_ms(1'500'000'000'123);
  service.modified = wall_from_ms(1'600'000'000'456);
  service.etag = "1";
  return service;
}

Function full_function() {
  Function function;
  function.id = FunctionId{2};
  function.revision = 3;
  FunctionSpec& spec = function.spec;
  spec.service = "s";
  spec.name = "f";
  spec.description = "words";
  spec.runtime = Runtime::kPython3;
  spec.runtime_name = "python3.9";
  spec.handler = "index.handler";
  spec.initializer = "index.init";
  spec.initialization_timeout = Seconds{7};
  spec.timeout = Seconds{86'400};
  spec.memory_mb = 512;
  spec.instance_concurrency = 20;
  spec.ca_port = 8080;
  spec.environment = {{"A", "1"}, {"B", ""}};
  function.code = {"18446744073709551615", 1234, "/state/code/2"};
  function.created = wall_from_ms(1);
  function.modified = wall_from_ms(2);
  function.etag = "2";
  function.extra = {{"layers", "[]"}};
  return function;
}

ServicePut put(const Service& service) {
  return ServicePut{std::make_shared<const Service>(service)};
}
FunctionPut put(const Function& function) {
  return FunctionPut{std::make_shared<const Function>(function)};
}
LimitPut put_limit(FunctionId id, const std::string& qualifier, std::uint32_t count) {
  return LimitPut{std::make_shared<const OnDemandLimit>(
      OnDemandLimit{limit_resource("s", qualifier, "f"), "s", qualifier, "f", id, count})};
}

AsyncConfig full_async_config() {
  AsyncConfig config;
  config.service = "s";
  config.qualifier = "LATEST";
  config.function = "f";
  config.function_id = FunctionId{2};
  config.on_success = *parse_destination("", "acs:fc:::services/s/functions/next");
  config.on_failure = *parse_destination("", "https://example.com/failed?a=b");
  config.age_max = Seconds{604'800};
  config.retries_max = 0;
  config.stateful = true;
  config.allow_loop = true;
  config.created = wall_from_ms(5);
  config.modified = wall_from_ms(6);
  return config;
}
AsyncConfigPut put(const AsyncConfig& config) {
  return AsyncConfigPut{std::make_shared<const AsyncConfig>(config)};
}

Directory loaded(Store& store) {
  Directory directory;
  const Result<std::vector<Change>> changes = store.load_all();
  EXPECT_TRUE(changes);
  if (changes) {
    for (const Change& change : *changes) directory.apply(change);
  }
  return directory;
}

TEST(Store, EveryMemberSurvivesARestart) {
  const TempDir directory;
  {
    const auto store = open(directory);
    ASSERT_TRUE(commit(*store, put(full_service())));
    ASSERT_TRUE(commit(*store, put(full_function())));
    ASSERT_TRUE(commit(*store, put_limit(FunctionId{2}, "", 0)));
    ASSERT_TRUE(commit(*store, put_limit(FunctionId{2}, "LATEST", 7)));
  }
  const auto store = open(directory);
  EXPECT_EQ(store->version(), 4U);
  const Directory found = loaded(*store);
  const Service wanted = full_service();
  const ServicePtr service = found.find_service("s");
  ASSERT_TRUE(service);
  EXPECT_EQ(service->id, wanted.id);
  EXPECT_EQ(service->description, wanted.description);
  EXPECT_EQ(service->role, wanted.role);
  EXPECT_EQ(service->internet_access, wanted.internet_access);
  EXPECT_EQ(service->extra, wanted.extra);
  EXPECT_EQ(service->created, wanted.created);
  EXPECT_EQ(service->modified, wanted.modified);
  EXPECT_EQ(service->etag, wanted.etag);
  const Function expected = full_function();
  const FunctionPtr function = found.find_function("s", "f");
  ASSERT_TRUE(function);
  EXPECT_EQ(function->id, expected.id);
  EXPECT_EQ(function->revision, expected.revision);
  EXPECT_EQ(function->spec, expected.spec);
  EXPECT_EQ(function->code.checksum, expected.code.checksum);
  EXPECT_EQ(function->code.size, expected.code.size);
  EXPECT_EQ(function->code.directory, expected.code.directory);
  EXPECT_EQ(function->created, expected.created);
  EXPECT_EQ(function->modified, expected.modified);
  EXPECT_EQ(function->etag, expected.etag);
  EXPECT_EQ(function->extra, expected.extra);
  EXPECT_EQ(found.limit_of(FunctionId{2}), 0U);
  EXPECT_EQ(found.limit_of(FunctionId{2}, "LATEST"), 7U);
}

TEST(Store, EveryMemberOfAnAsyncConfigSurvivesARestartAndWhatWasNotSetStaysSo) {
  const TempDir directory;
  AsyncConfig empty;
  empty.qualifier = "prod";
  empty.function_id = FunctionId{2};
  {
    const auto store = open(directory);
    ASSERT_TRUE(commit(*store, put(full_service())));
    ASSERT_TRUE(commit(*store, put(full_function())));
    ASSERT_TRUE(commit(*store, put(empty)));
    AsyncConfig first = full_async_config();
    first.retries_max = 8;
    ASSERT_TRUE(commit(*store, put(first)));
    ASSERT_TRUE(commit(*store, put(full_async_config())));
  }
  const auto store = open(directory);
  const Directory found = loaded(*store);
  const AsyncConfig wanted = full_async_config();
  const AsyncConfigPtr config = found.async_config_of(FunctionId{2}, "LATEST");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->service, wanted.service);
  EXPECT_EQ(config->qualifier, wanted.qualifier);
  EXPECT_EQ(config->function, wanted.function);
  EXPECT_EQ(config->on_success, wanted.on_success);
  EXPECT_EQ(config->on_failure, wanted.on_failure);
  EXPECT_EQ(config->age_max, wanted.age_max);
  EXPECT_EQ(config->retries_max, wanted.retries_max);
  EXPECT_EQ(config->stateful, wanted.stateful);
  EXPECT_TRUE(config->allow_loop);
  EXPECT_EQ(config->created, wanted.created);
  EXPECT_EQ(config->modified, wanted.modified);
  const AsyncConfigPtr unset = found.async_config_of(FunctionId{2}, "prod");
  ASSERT_TRUE(unset);
  EXPECT_FALSE(unset->on_success || unset->on_failure || unset->age_max || unset->retries_max ||
               unset->stateful || unset->allow_loop);
  ASSERT_TRUE(commit(*store, AsyncConfigGone{FunctionId{2}, "prod"}));
  EXPECT_EQ(loaded(*store).async_configs_of(FunctionId{2}), 1U);
}

TEST(Store, EveryMemberOfATriggerSurvivesARestart) {
  const TempDir directory;
  {
    const auto store = open(directory);
    ASSERT_TRUE(commit(*store, put(full_service())));
    ASSERT_TRUE(commit(*store, put(full_function())));
    std::uint64_t id = 3;
    for (Trigger trigger : triggers_of_each_kind()) {
      trigger.id = id++;
      ASSERT_TRUE(commit(*store, put(trigger)));
      trigger.description = "again";
      ASSERT_TRUE(commit(*store, put(trigger)));
    }
  }
  const auto store = open(directory);
  const Directory found = loaded(*store);
  std::uint64_t id = 3;
  for (Trigger wanted : triggers_of_each_kind()) {
    wanted.id = id++;
    wanted.description = "again";
    ASSERT_TRUE(found.find_trigger(FunctionId{2}, wanted.name)) << wanted.name;
    EXPECT_TRUE(*found.find_trigger(FunctionId{2}, wanted.name) == wanted) << wanted.name;
  }
  ASSERT_TRUE(commit(*store, TriggerGone{FunctionId{2}, "http"}));
  EXPECT_EQ(loaded(*store).triggers(), 4U);
}

TEST(Store, ACustomDomainSurvivesARestart) {
  const TempDir directory;
  CustomDomain wanted{"a.b",
                      {{"/*", "s", "", "f", {"GET"}}, {"/x", "s", "LATEST", "g", {}}},
                      wall_from_ms(5),
                      wall_from_ms(6),
                      "1"};
  {
    const auto store = open(directory);
    ASSERT_TRUE(commit(*store, DomainPut{std::make_shared<const CustomDomain>(wanted)}));
    wanted.etag = "2";
    ASSERT_TRUE(commit(*store, DomainPut{std::make_shared<const CustomDomain>(wanted)}));
  }
  const auto store = open(directory);
  const DomainPtr found = loaded(*store).find_domain("a.b");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->routes, wanted.routes);
  EXPECT_EQ(found->created, wanted.created);
  EXPECT_EQ(found->modified, wanted.modified);
  EXPECT_EQ(found->etag, "2");
  ASSERT_TRUE(commit(*store, DomainGone{"a.b"}));
  EXPECT_EQ(loaded(*store).domains(), 0U);
}

TEST(Store, ADatabaseOfSchemaOneIsTakenOverWithAllThatItHolds) {
  const TempDir directory;
  run_sql(directory, kRegistryV1);
  {
    const auto store = open(directory);
    ASSERT_TRUE(store);
    EXPECT_EQ(store->version(), 3U);
    const Directory found = loaded(*store);
    EXPECT_EQ(found.find_service("shop")->description, "sells things");
    const FunctionPtr function = found.find_function("shop", "checkout");
    ASSERT_TRUE(function);
    EXPECT_EQ(function->spec.timeout, Seconds{60});
    EXPECT_EQ(function->spec.environment.size(), 1U);
    EXPECT_EQ(found.limit_of(function->id), 5U);
    EXPECT_EQ(found.async_configs_of(function->id), 0U);
    ASSERT_TRUE(commit(*store, put(full_async_config())));
  }
  const auto store = open(directory);
  ASSERT_TRUE(store);
  EXPECT_TRUE(loaded(*store).async_config_of(FunctionId{2}, ""));
}

TEST(Store, ANewDatabaseAndOneTakenOverHaveTheSameTables) {
  const TempDir fresh;
  const TempDir older;
  run_sql(older, kRegistryV1);
  EXPECT_TRUE(open(fresh));
  EXPECT_TRUE(open(older));
  EXPECT_EQ(schema_of(fresh), schema_of(older));
}

TEST(Store, ADestinationThatCannotBeReadIsDamage) {
  const TempDir directory;
  {
    const auto store = open(directory);
    ASSERT_TRUE(commit(*store, put(full_service())));
    ASSERT_TRUE(commit(*store, put(full_function())));
    ASSERT_TRUE(commit(*store, put(full_async_config())));
  }
  run_sql(directory, "UPDATE async_configs SET on_success = 'nowhere'");
  const Result<std::vector<Change>> changes = open(directory)->load_all();
  ASSERT_FALSE(changes);
  EXPECT_NE(changes.error().message.find("nowhere"), std::string::npos) << changes.error().message;
}

TEST(Store, APutReplacesListsWholeAndKeepsLimits) {
  const TempDir directory;
  const auto store = open(directory);
  ASSERT_TRUE(commit(*store, put(full_service())));
  Function function = full_function();
  ASSERT_TRUE(commit(*store, put(function)));
  ASSERT_TRUE(commit(*store, put_limit(FunctionId{2}, "", 5)));
  function.spec.environment = {{"C", "3"}};
  function.extra.clear();
  ASSERT_TRUE(commit(*store, put(function)));
  Service service = full_service();
  service.extra.erase("vpcConfig");
  ASSERT_TRUE(commit(*store, put(service)));
  const Directory found = loaded(*store);
  EXPECT_EQ(found.find_function("s", "f")->spec, function.spec);
  EXPECT_EQ(found.find_function("s", "f")->extra, JsonMembers{});
  EXPECT_EQ(found.find_service("s")->extra.size(), 1U);
  EXPECT_EQ(found.limit_of(FunctionId{2}), 5U);
}

TEST(Store, WhatIsGoneTakesAlongAllThatBelongedToIt) {
  const TempDir directory;
  const auto store = open(directory);
  ASSERT_TRUE(commit(*store, put(full_service())));
  ASSERT_TRUE(commit(*store, put(full_function())));
  ASSERT_TRUE(commit(*store, put_limit(FunctionId{2}, "", 5)));
  ASSERT_TRUE(commit(*store, put_limit(FunctionId{2}, "a", 5)));
  ASSERT_TRUE(commit(*store, LimitGone{"services/s.a/functions/f", FunctionId{2}}));
  EXPECT_EQ(loaded(*store).limits_of(FunctionId{2}), 1U);
  ASSERT_TRUE(commit(*store, FunctionGone{FunctionId{2}, "s", "f"}));
  ASSERT_TRUE(commit(*store, ServiceGone{"s"}));
  const Result<std::vector<Change>> changes = store->load_all();
  ASSERT_TRUE(changes);
  EXPECT_TRUE(changes->empty());
  EXPECT_EQ(store->version(), 7U);
}

TEST(Store, ACommitThatFailsChangesNothingAndTheNextOneWorks) {
  const TempDir directory;
  const auto store = open(directory);
  ASSERT_TRUE(commit(*store, put(full_service())));
  run_sql(directory,
          "CREATE TRIGGER refuse BEFORE INSERT ON function_environment "
          "BEGIN SELECT RAISE(ABORT, 'refused'); END");
  const Result<void> refused = commit(*store, put(full_function()));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kServiceUnavailable);
  EXPECT_EQ(store->version(), 1U);
  EXPECT_EQ(loaded(*store).functions(), 0U);
  run_sql(directory, "DROP TRIGGER refuse");
  EXPECT_TRUE(commit(*store, put(full_function())));
  EXPECT_EQ(loaded(*store).functions(), 1U);
}

TEST(Store, AnOperatorCanReadWhileItIsOpen) {
  const TempDir directory;
  const auto store = open(directory);
  run_sql(directory, "SELECT * FROM functions");
  EXPECT_TRUE(commit(*store, put(full_service())));
}

TEST(Store, AFileThatIsNoDatabaseIsNamedWithWhatToDo) {
  const TempDir directory;
  std::ofstream(directory / "registry.db") << std::string(5000, 'x');
  const Error error = open_error(directory);
  EXPECT_NE(error.message.find("registry.db"), std::string::npos);
  EXPECT_NE(error.message.find("damaged"), std::string::npos) << error.message;
}

TEST(Store, ADamagedDatabaseIsFoundAtStart) {
  const TempDir directory;
  {
    const auto store = open(directory);
    ASSERT_TRUE(commit(*store, put(full_service())));
    for (std::uint64_t id = 2; id < 60; ++id) {
      Function function = full_function();
      function.id = FunctionId{id};
      function.spec.name = "f" + std::to_string(id);
      ASSERT_TRUE(commit(*store, put(function)));
    }
  }
  std::string bytes = content_of(directory / "registry.db");
  ASSERT_GT(bytes.size(), 30'000U);
  for (std::size_t at = 8192; at < bytes.size() - 4096; at += 512)
    bytes.replace(at, 64, 64, '\x5a');
  std::ofstream(directory / "registry.db", std::ios::binary) << bytes;
  EXPECT_NE(open_error(directory).message.find("damaged"), std::string::npos);
}

TEST(Store, ADatabaseOfANewerProgramIsLeftAlone) {
  const TempDir directory;
  open(directory);
  run_sql(directory, "PRAGMA user_version = 99");
  EXPECT_NE(open_error(directory).message.find("newer program"), std::string::npos);
  EXPECT_FALSE(Store::check(directory / "registry.db"));
}

TEST(Store, ACheckChangesNothingAndMayBeMadeWhileItIsOpen) {
  const TempDir directory;
  const std::string path = directory / "registry.db";
  EXPECT_TRUE(Store::check(path)) << "none yet is fine";
  EXPECT_FALSE(std::filesystem::exists(path));
  const auto store = open(directory);
  EXPECT_TRUE(Store::check(path));
}

TEST(Store, ADirectoryThatIsNotThereIsNamed) {
  const Result<std::unique_ptr<Store>> store = Store::open("/nonexistent/registry.db", "/code");
  ASSERT_FALSE(store);
  EXPECT_NE(store.error().message.find("/nonexistent/registry.db"), std::string::npos);
  EXPECT_NE(store.error().message.find("may write"), std::string::npos) << store.error().message;
}

}  // namespace
}  // namespace convoke
