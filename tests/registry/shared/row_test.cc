#include <gtest/gtest.h>

#include <memory>

#include "core/registry/shared/change_row.h"
#include "core/registry/shared/difference.h"
#include "core/registry/shared/row_json.h"
#include "tests/registry/some_triggers.h"

namespace convoke::shared_registry {
namespace {

constexpr const char* kHostile = "\"\\\n\x01 }],{ \xc3\xa9 \xf0\x9f\x98\x80";

Service a_service() {
  Service service;
  service.id = 9'007'199'254'740'991;
  service.name = "s";
  service.description = kHostile;
  service.role = "acs:ram::1:role/r";
  service.internet_access = false;
  service.extra = {{"logConfig", R"({"a":[1,2.50,"x"],"b":null})"}, {kHostile, "[]"}};
  service.created = wall_from_ms(1);
  service.modified = wall_from_ms(-2);
  service.etag = "12";
  return service;
}

Function a_function() {
  Function function;
  function.id = FunctionId{7};
  function.revision = 3;
  function.spec.service = "s";
  function.spec.name = "f";
  function.spec.description = kHostile;
  function.spec.runtime = Runtime::kPython3;
  function.spec.runtime_name = "python3.9";
  function.spec.handler = "index.handler";
  function.spec.initializer = "index.init";
  function.spec.initialization_timeout = Seconds{300};
  function.spec.timeout = kTimeoutMax;
  function.spec.memory_mb = kMemoryMbMax;
  function.spec.instance_concurrency = 200;
  function.spec.ca_port = 65'535;
  function.spec.environment = {{"A", kHostile}, {"B", ""}, {"extra", "{"}};
  function.code = {"18446744073709551615", 75UL << 20, "/here/12-0a"};
  function.created = wall_from_ms(1'790'000'000'000);
  function.modified = wall_from_ms(1'790'000'000'001);
  function.etag = "8";
  function.extra = {{"layers", R"(["l"])"}, {"x", "1.0"}};
  return function;
}

OnDemandLimit a_limit(const std::string& qualifier) {
  return {limit_resource("s", qualifier, "f"), "s", qualifier, "f", FunctionId{7}, 0};
}

StoppedTree a_stopped_tree(std::uint64_t number) {
  return {CallId::from_random(number, number), number, "because \"so\"", "ada",
          wall_from_ms(1'700'000'000'000)};
}
CustomDomain a_domain() {
  return {"a.b",
          {{"/*", "s", "", "f", {"GET"}}, {"/x", "s", "LATEST", "g", {}}},
          wall_from_ms(5),
          wall_from_ms(6),
          "1"};
}

KillSwitch a_switch(const std::string& function) {
  KillSwitch one;
  one.scope = {"s", function};
  one.function_id = FunctionId{function.empty() ? 0U : 7U};
  one.version = 12;
  one.refuses_async = true;
  one.reason = kHostile;
  one.by = "ada";
  one.since = wall_from_ms(5);
  return one;
}

AsyncConfig an_async_config() {
  AsyncConfig config;
  config.service = "s";
  config.qualifier = "LATEST";
  config.function = "f";
  config.function_id = FunctionId{7};
  config.on_success = *parse_destination("d", "acs:fc:::services/s/functions/g");
  config.on_failure = *parse_destination("d", "https://example.com:8443/a?b=c");
  config.age_max = Seconds{60};
  config.retries_max = 0;
  config.stateful = true;
  config.created = wall_from_ms(5);
  config.modified = wall_from_ms(6);
  return config;
}

TEST(RegistryRow, AServiceComesBackAsItWas) {
  const Service before = a_service();
  const Result<Service> after = service_from(row_of(before));
  ASSERT_TRUE(after) << after.error().message;
  EXPECT_EQ(after->id, before.id);
  EXPECT_EQ(after->name, before.name);
  EXPECT_EQ(after->description, before.description);
  EXPECT_EQ(after->role, before.role);
  EXPECT_EQ(after->internet_access, before.internet_access);
  EXPECT_EQ(after->extra, before.extra);
  EXPECT_EQ(after->created, before.created);
  EXPECT_EQ(after->modified, before.modified);
  EXPECT_EQ(after->etag, before.etag);
}

TEST(RegistryRow, AFunctionComesBackAsItWasBelowTheOtherEnginesDirectory) {
  const Function before = a_function();
  const Result<Function> after = function_from(row_of(before), "/there");
  ASSERT_TRUE(after) << after.error().message;
  EXPECT_EQ(after->id, before.id);
  EXPECT_EQ(after->revision, before.revision);
  EXPECT_EQ(after->spec, before.spec);
  EXPECT_EQ(after->code.directory, "/there/12-0a");
  EXPECT_EQ(after->code.checksum, before.code.checksum);
  EXPECT_EQ(after->code.size, before.code.size);
  EXPECT_EQ(after->created, before.created);
  EXPECT_EQ(after->modified, before.modified);
  EXPECT_EQ(after->etag, before.etag);
  EXPECT_EQ(after->extra, before.extra);
}

TEST(RegistryRow, AFunctionWithoutCodeHasNone) {
  Function before = a_function();
  before.code = {};
  const Result<Function> after = function_from(row_of(before), "/there");
  ASSERT_TRUE(after);
  EXPECT_EQ(after->code.directory, "");
}

TEST(RegistryRow, ALimitComesBackAsItWas) {
  for (const char* qualifier : {"", "LATEST", "q"}) {
    const OnDemandLimit before = a_limit(qualifier);
    const Result<OnDemandLimit> after = limit_from(row_of(before));
    ASSERT_TRUE(after) << after.error().message;
    EXPECT_EQ(after->resource, before.resource);
    EXPECT_EQ(after->qualifier, before.qualifier);
    EXPECT_EQ(after->function_id, before.function_id);
    EXPECT_EQ(after->maximum_instance_count, before.maximum_instance_count);
  }
}

TEST(RegistryRow, AnAsyncConfigComesBackAsItWasAlsoWithNothingSet) {
  AsyncConfig before = an_async_config();
  for (int round = 0; round < 2; ++round) {
    const Result<AsyncConfig> after = async_config_from(row_of(before));
    ASSERT_TRUE(after) << after.error().message;
    EXPECT_EQ(after->service, before.service);
    EXPECT_EQ(after->qualifier, before.qualifier);
    EXPECT_EQ(after->function, before.function);
    EXPECT_EQ(after->function_id, before.function_id);
    EXPECT_EQ(after->on_success, before.on_success);
    EXPECT_EQ(after->on_failure, before.on_failure);
    EXPECT_EQ(after->age_max, before.age_max);
    EXPECT_EQ(after->retries_max, before.retries_max);
    EXPECT_EQ(after->stateful, before.stateful);
    EXPECT_EQ(after->allow_loop, before.allow_loop);
    EXPECT_EQ(after->created, before.created);
    EXPECT_EQ(after->modified, before.modified);
    before.on_success.reset();
    before.on_failure.reset();
    before.age_max.reset();
    before.retries_max.reset();
    before.stateful.reset();
    before.allow_loop = false;
  }
}

TEST(RegistryRow, ATriggerOfEachKindComesBackAsItWas) {
  for (const Trigger& before : triggers_of_each_kind()) {
    const Result<Trigger> after = trigger_from(row_of(before));
    ASSERT_TRUE(after) << after.error().message;
    EXPECT_TRUE(*after == before) << before.name;
  }
}

TEST(RegistryRow, WhatIsNoRowOfOursIsRefused) {
  const std::string good = row_of(a_function());
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(function_from(good.substr(0, size), "/d")) << size;
  }
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string row = good;
    return function_from(row.replace(row.find(from), from.size(), to), "/d");
  };
  EXPECT_TRUE(with("12-0a", "12-0b"));
  EXPECT_FALSE(with("12-0a", "../etc"));
  EXPECT_FALSE(with("python3.9", "cobol"));
  EXPECT_FALSE(with("65535", "65536"));
  EXPECT_FALSE(with("\"etag\"", "\"other\""));
  EXPECT_FALSE(with("\"8\"", "8"));
}

TEST(RegistryRow, EveryChangeComesBackOutOfTheLog) {
  const auto function = std::make_shared<const Function>(a_function());
  const std::vector<Change> changes = {
      {1, ServicePut{std::make_shared<const Service>(a_service())}},
      {2, ServiceGone{"s"}},
      {3, FunctionPut{function}},
      {4, FunctionGone{FunctionId{7}, "s", "f"}},
      {5, LimitPut{std::make_shared<const OnDemandLimit>(a_limit("q"))}},
      {6, LimitGone{"services/s/functions/f", FunctionId{7}}},
      {7, AsyncConfigPut{std::make_shared<const AsyncConfig>(an_async_config())}},
      {8, AsyncConfigGone{FunctionId{7}, "q"}},
      {9, put(triggers_of_each_kind().front())},
      {10, TriggerGone{FunctionId{7}, "t"}},
      {11, SwitchPut{std::make_shared<const KillSwitch>(a_switch("f"))}},
      {12, SwitchGone{{"s", ""}, FunctionId{}}},
      {13, TreeStopped{std::make_shared<const StoppedTree>(a_stopped_tree(1))}},
      {14, TreeForgotten{a_stopped_tree(1).root}},
      {15, DomainPut{std::make_shared<const CustomDomain>(a_domain())}},
      {16, DomainGone{"a.b"}},
  };
  for (const Change& before : changes) {
    const ChangeRow row = row_of(before);
    const Result<Change> after = change_from(before.version, row.kind, row.row, "/here");
    ASSERT_TRUE(after) << row.kind << ": " << after.error().message;
    EXPECT_EQ(after->version, before.version);
    EXPECT_EQ(after->what.index(), before.what.index());
    const ChangeRow again = row_of(*after);
    EXPECT_EQ(again.kind, row.kind);
    EXPECT_EQ(again.row, row.row);
  }
  EXPECT_FALSE(change_from(11, "alias", "{}", "/here"));
}

// ---- rows against what is known ----

class RegistryDifference : public testing::Test {
 protected:
  RegistryDifference() {
    rows_.version = 20;
    rows_.services["s"] = row_of(a_service());
    rows_.functions["7"] = row_of(a_function());
    rows_.limits["services/s/functions/f"] = row_of(a_limit(""));
    rows_.async_configs["7 LATEST"] = row_of(an_async_config());
    Trigger trigger = triggers_of_each_kind().back();
    trigger.function_id = FunctionId{7};
    rows_.triggers["7 " + trigger.name] = row_of(trigger);
  }
  std::vector<Change> difference() {
    Result<std::vector<Change>> changes = shared_registry::difference(directory_, rows_, "/here");
    EXPECT_TRUE(changes) << (changes ? "" : changes.error().message);
    return changes ? *changes : std::vector<Change>();
  }
  std::size_t apply() {
    const std::vector<Change> changes = difference();
    for (const Change& change : changes) directory_.apply(change);
    EXPECT_TRUE(difference().empty());
    return changes.size();
  }
  Directory directory_;
  Rows rows_;
};

TEST_F(RegistryDifference, AnEmptyDirectoryTakesAllAndThenNothing) {
  EXPECT_EQ(apply(), 5U);
  EXPECT_TRUE(directory_.find_function("s", "f"));
  EXPECT_EQ(directory_.limit_of(FunctionId{7}), 0U);
  EXPECT_TRUE(directory_.async_config_of(FunctionId{7}, ""));
  EXPECT_TRUE(directory_.find_trigger(FunctionId{7}, "paused"));
}

TEST_F(RegistryDifference, WhatIsGoneGoesInAnOrderThatCanBeApplied) {
  apply();
  rows_ = Rows{};
  rows_.version = 21;
  EXPECT_EQ(apply(), 3U);  // the function takes its limit and config with it, not its trigger
  EXPECT_EQ(directory_.services(), 0U);
  EXPECT_EQ(directory_.functions(), 0U);
  EXPECT_FALSE(directory_.find_limit("services/s/functions/f"));
}

TEST_F(RegistryDifference, AFunctionThatWasMadeAnewReplacesTheOldOne) {
  apply();
  Function again = a_function();
  again.id = FunctionId{21};
  rows_.version = 22;
  rows_.functions = {{"21", row_of(again)}};
  rows_.limits.clear();
  rows_.async_configs.clear();
  rows_.triggers.clear();
  EXPECT_EQ(apply(), 3U);
  EXPECT_EQ(directory_.find_function("s", "f")->id, FunctionId{21});
  EXPECT_EQ(directory_.limit_of(FunctionId{21}), std::nullopt);
}

TEST_F(RegistryDifference, LimitsConfigsAndTriggersGoAloneToo) {
  apply();
  rows_.version = 21;
  rows_.limits.clear();
  rows_.async_configs.clear();
  rows_.triggers.clear();
  EXPECT_EQ(apply(), 3U);
  EXPECT_EQ(directory_.triggers(), 0U);
  EXPECT_TRUE(directory_.find_function("s", "f"));
  EXPECT_EQ(directory_.limit_of(FunctionId{7}), std::nullopt);
}

TEST_F(RegistryDifference, KillSwitchesComeAndGoAloneAndWithTheirFunctions) {
  rows_.switches["s/f"] = row_of(a_switch("f"));
  rows_.switches["s/"] = row_of(a_switch(""));
  EXPECT_EQ(apply(), 7U);
  EXPECT_EQ(*directory_.find_switch({"s", "f"}), a_switch("f"));
  rows_.version = 21;
  rows_.switches.erase("s/");
  EXPECT_EQ(apply(), 1U);
  EXPECT_FALSE(directory_.find_switch({"s", ""}));
  rows_ = Rows{};
  rows_.version = 22;
  EXPECT_EQ(apply(), 3U);  // the trigger goes before its function, which takes its switch along
  EXPECT_FALSE(directory_.has_switches());
}

TEST_F(RegistryDifference, StoppedTreesComeAndGo) {
  apply();
  for (std::uint64_t number : {1U, 2U}) {
    const StoppedTree tree = a_stopped_tree(number);
    rows_.stopped_trees[tree.root.text()] = row_of(tree);
  }
  rows_.version = 21;
  EXPECT_EQ(apply(), 2U);
  ASSERT_NE(directory_.stopped_tree(a_stopped_tree(1).root), nullptr);
  EXPECT_EQ(*directory_.stopped_tree(a_stopped_tree(1).root), a_stopped_tree(1));
  rows_.version = 22;
  rows_.stopped_trees.erase(a_stopped_tree(1).root.text());
  EXPECT_EQ(apply(), 1U);
  EXPECT_EQ(directory_.stopped_tree(a_stopped_tree(1).root), nullptr);
  EXPECT_NE(directory_.stopped_tree(a_stopped_tree(2).root), nullptr);
}

TEST(RegistryRows, AStoppedTreesRowNamesACall) {
  const std::string row = row_of(a_stopped_tree(1));
  ASSERT_TRUE(stopped_tree_from(row));
  EXPECT_FALSE(stopped_tree_from(R"({"root":"no id","version":1,"reason":"","by":"","since":1})"));
}

TEST_F(RegistryDifference, CustomDomainsComeChangeAndGo) {
  apply();
  rows_.version = 21;
  rows_.domains["a.b"] = row_of(a_domain());
  EXPECT_EQ(apply(), 1U);
  EXPECT_EQ(directory_.find_domain("a.b")->routes, a_domain().routes);
  rows_.version = 22;
  CustomDomain changed = a_domain();
  changed.routes.pop_back();
  rows_.domains["a.b"] = row_of(changed);
  EXPECT_EQ(apply(), 1U);
  rows_.version = 23;
  rows_.domains.clear();
  EXPECT_EQ(apply(), 1U);
  EXPECT_EQ(directory_.domains(), 0U);
}

TEST_F(RegistryDifference, RowsWithoutWhatTheyBelongToAreRefused) {
  rows_.services.clear();
  EXPECT_FALSE(shared_registry::difference(directory_, rows_, "/here"));
  rows_.functions.clear();
  EXPECT_FALSE(shared_registry::difference(directory_, rows_, "/here"));
}

}  // namespace
}  // namespace convoke::shared_registry
