#include "core/registry/directory.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

namespace convoke {
namespace {

ServicePtr service(const std::string& name, const std::string& description = "") {
  Service made;
  made.name = name;
  made.description = description;
  return std::make_shared<const Service>(made);
}

FunctionPtr function(std::uint64_t id, const std::string& in, const std::string& name,
                     std::uint64_t revision = 1) {
  Function made;
  made.id = FunctionId{id};
  made.revision = revision;
  made.spec.service = in;
  made.spec.name = name;
  return std::make_shared<const Function>(made);
}

LimitPtr limit(const FunctionPtr& of, const std::string& qualifier, std::uint32_t count) {
  OnDemandLimit made;
  made.service = of->spec.service;
  made.qualifier = qualifier;
  made.function = of->spec.name;
  made.function_id = of->id;
  made.resource = limit_resource(made.service, made.qualifier, made.function);
  made.maximum_instance_count = count;
  return std::make_shared<const OnDemandLimit>(made);
}

AsyncConfigPut async_config(const FunctionPtr& of, const std::string& qualifier,
                            std::uint32_t retries = 1) {
  AsyncConfig made;
  made.service = of->spec.service;
  made.qualifier = qualifier;
  made.function = of->spec.name;
  made.function_id = of->id;
  made.retries_max = retries;
  return {std::make_shared<const AsyncConfig>(made)};
}

class Applied {
 public:
  template <class What>
  void operator()(What what) {
    directory.apply(Change{directory.version() + 1, std::move(what)});
  }
  Directory directory;
};

std::vector<std::string> names(const Page<ServicePtr>& page) {
  std::vector<std::string> all;
  for (const ServicePtr& item : page.items) all.push_back(item->name);
  return all;
}

using Names = std::vector<std::string>;

TEST(Directory, FindsWhatWasPut) {
  Applied apply;
  EXPECT_EQ(apply.directory.version(), 0U);
  apply(ServicePut{service("s")});
  apply(FunctionPut{function(7, "s", "f")});
  ASSERT_TRUE(apply.directory.find_service("s"));
  ASSERT_TRUE(apply.directory.find_function("s", "f"));
  EXPECT_EQ(apply.directory.find_function("s", "f"), apply.directory.find_function(FunctionId{7}));
  EXPECT_EQ(apply.directory.version(), 2U);
}

TEST(Directory, DoesNotFindWhatIsNotThere) {
  Applied apply;
  apply(ServicePut{service("s")});
  apply(FunctionPut{function(7, "s", "f")});
  EXPECT_FALSE(apply.directory.find_service("t"));
  EXPECT_FALSE(apply.directory.find_function("s", "g"));
  EXPECT_FALSE(apply.directory.find_function("f", "s"));
  EXPECT_FALSE(apply.directory.find_function("", ""));
  EXPECT_FALSE(apply.directory.find_function(FunctionId{8}));
}

TEST(Directory, ANewRevisionTakesThePlaceAndTheOldOneLivesWhileItIsHeld) {
  Applied apply;
  apply(ServicePut{service("s")});
  apply(FunctionPut{function(7, "s", "f", 1)});
  const FunctionPtr old = apply.directory.find_function("s", "f");
  apply(FunctionPut{function(7, "s", "f", 2)});
  EXPECT_EQ(old->revision, 1U);
  EXPECT_EQ(apply.directory.find_function("s", "f")->revision, 2U);
  EXPECT_EQ(apply.directory.find_function(FunctionId{7})->revision, 2U);
  EXPECT_EQ(apply.directory.functions(), 1U);
}

TEST(Directory, AnUpdatedServiceKeepsItsFunctions) {
  Applied apply;
  apply(ServicePut{service("s")});
  apply(FunctionPut{function(7, "s", "f")});
  apply(ServicePut{service("s", "new")});
  EXPECT_EQ(apply.directory.find_service("s")->description, "new");
  EXPECT_TRUE(apply.directory.find_function("s", "f"));
  EXPECT_TRUE(apply.directory.has_functions("s"));
}

TEST(Directory, ADeletedFunctionTakesItsLimitsAlong) {
  Applied apply;
  apply(ServicePut{service("s")});
  const FunctionPtr first = function(1, "s", "f");
  const FunctionPtr other = function(2, "s", "g");
  apply(FunctionPut{first});
  apply(FunctionPut{other});
  apply(LimitPut{limit(first, "", 5)});
  apply(LimitPut{limit(first, "LATEST", 3)});
  apply(LimitPut{limit(other, "", 1)});
  apply(FunctionGone{first->id, "s", "f"});
  EXPECT_FALSE(apply.directory.find_function("s", "f"));
  EXPECT_FALSE(apply.directory.find_limit("services/s/functions/f"));
  EXPECT_FALSE(apply.directory.limit_of(first->id));
  EXPECT_EQ(apply.directory.list_limits({}).items.size(), 1U);
  // Made again by the same name, it inherits nothing.
  apply(FunctionPut{function(9, "s", "f")});
  EXPECT_FALSE(apply.directory.limit_of(FunctionId{9}));
  EXPECT_EQ(apply.directory.limit_of(other->id), 1U);
}

TEST(Directory, EachQualifierHasItsOwnLimit) {
  Applied apply;
  apply(ServicePut{service("s")});
  const FunctionPtr of = function(1, "s", "f");
  apply(FunctionPut{of});
  EXPECT_EQ(apply.directory.limit_of(of->id), std::nullopt);
  apply(LimitPut{limit(of, "", 5)});
  apply(LimitPut{limit(of, "LATEST", 0)});
  EXPECT_EQ(apply.directory.limit_of(of->id), 5U);
  EXPECT_EQ(apply.directory.limit_of(of->id, "LATEST"), 0U);
  EXPECT_EQ(apply.directory.limit_of(of->id, "other"), std::nullopt);
  apply(LimitPut{limit(of, "", 6)});
  EXPECT_EQ(apply.directory.limit_of(of->id), 6U);
  EXPECT_EQ(apply.directory.limits_of(of->id), 2U);
  apply(LimitGone{"services/s/functions/f", of->id});
  EXPECT_EQ(apply.directory.limit_of(of->id), std::nullopt);
  EXPECT_EQ(apply.directory.limit_of(of->id, "LATEST"), 0U);
}

TEST(Directory, AnAsyncConfigHoldsForItsFunctionAndQualifierAlone) {
  Applied apply;
  apply(ServicePut{service("s")});
  const FunctionPtr of = function(1, "s", "f");
  const FunctionPtr other = function(2, "s", "g");
  apply(FunctionPut{of});
  apply(FunctionPut{other});
  EXPECT_FALSE(apply.directory.async_config_of(of->id, ""));
  apply(async_config(of, "LATEST", 1));
  apply(async_config(of, "prod", 2));
  EXPECT_EQ(apply.directory.async_config_of(of->id, "")->retries_max, 1U);
  EXPECT_EQ(apply.directory.async_config_of(of->id, "LATEST")->retries_max, 1U);
  EXPECT_EQ(apply.directory.async_config_of(of->id, "prod")->retries_max, 2U);
  EXPECT_FALSE(apply.directory.async_config_of(of->id, "Prod"));
  EXPECT_FALSE(apply.directory.async_config_of(other->id, ""));
  EXPECT_FALSE(apply.directory.async_config_of(FunctionId{3}, ""));
  apply(async_config(of, "LATEST", 3));
  EXPECT_EQ(apply.directory.async_config_of(of->id, "")->retries_max, 3U);
  EXPECT_EQ(apply.directory.async_configs_of(of->id), 2U);
  apply(AsyncConfigGone{of->id, "LATEST"});
  EXPECT_FALSE(apply.directory.async_config_of(of->id, ""));
  EXPECT_EQ(apply.directory.async_config_of(of->id, "prod")->retries_max, 2U);
}

TEST(Directory, AnUpdatedFunctionKeepsItsAsyncConfigsAndADeletedOneTakesThemAlong) {
  Applied apply;
  apply(ServicePut{service("s")});
  const FunctionPtr of = function(1, "s", "f");
  apply(FunctionPut{of});
  apply(async_config(of, "LATEST"));
  apply(FunctionPut{function(1, "s", "f", 2)});
  EXPECT_TRUE(apply.directory.async_config_of(of->id, ""));
  apply(FunctionGone{of->id, "s", "f"});
  EXPECT_FALSE(apply.directory.async_config_of(of->id, ""));
  apply(AsyncConfigGone{of->id, "LATEST"});
  apply(FunctionPut{function(9, "s", "f")});
  EXPECT_FALSE(apply.directory.async_config_of(FunctionId{9}, ""));
  EXPECT_EQ(apply.directory.async_configs_of(FunctionId{9}), 0U);
}

TEST(Directory, AsyncConfigsOfAFunctionAreListedByQualifier) {
  Applied apply;
  apply(ServicePut{service("s")});
  const FunctionPtr of = function(1, "s", "f");
  apply(FunctionPut{of});
  for (const char* qualifier : {"b", "LATEST", "a"}) apply(async_config(of, qualifier));
  ListQuery query;
  query.limit = 2;
  const auto first = apply.directory.list_async_configs(of->id, query);
  ASSERT_EQ(first.items.size(), 2U);
  EXPECT_EQ(first.items[0]->qualifier, "LATEST");
  EXPECT_EQ(first.items[1]->qualifier, "a");
  EXPECT_EQ(first.next_token, "b");
  query.next_token = first.next_token;
  EXPECT_EQ(apply.directory.list_async_configs(of->id, query).items.size(), 1U);
  EXPECT_EQ(apply.directory.list_async_configs(FunctionId{2}, {}).items.size(), 0U);
}

TEST(Directory, ListsInOrderOfNames) {
  Applied apply;
  for (const char* name : {"b", "a", "c", "B", "a_1", "a-1"}) apply(ServicePut{service(name)});
  EXPECT_EQ(names(apply.directory.list_services({})), (Names{"B", "a", "a-1", "a_1", "b", "c"}));
}

TEST(Directory, ATokenOverridesTheStartKeyAndThePrefixStillFilters) {
  Applied apply;
  for (const char* name : {"a1", "a2", "a3", "b1", "b2"}) apply(ServicePut{service(name)});
  ListQuery query;
  query.prefix = "a";
  query.start_key = "a3";
  EXPECT_EQ(names(apply.directory.list_services(query)), (Names{"a3"}));
  query.next_token = "a2";
  EXPECT_EQ(names(apply.directory.list_services(query)), (Names{"a2", "a3"}));
  query.next_token = "b1";
  EXPECT_EQ(names(apply.directory.list_services(query)), Names{});
}

TEST(Directory, TheLastPageHasNoTokenEvenWhenItIsFull) {
  Applied apply;
  for (const char* name : {"a1", "a2", "b1"}) apply(ServicePut{service(name)});
  ListQuery query;
  query.prefix = "a";
  query.limit = 2;
  EXPECT_EQ(apply.directory.list_services(query).next_token, "");
  query.prefix = "";
  EXPECT_EQ(apply.directory.list_services(query).next_token, "b1");
}

TEST(Directory, APageGoesOnWhereItEndedThoughItsNextNameIsGone) {
  Applied apply;
  for (const char* name : {"a", "b", "c", "d"}) apply(ServicePut{service(name)});
  ListQuery query;
  query.limit = 2;
  query.next_token = apply.directory.list_services(query).next_token;
  apply(ServiceGone{"c"});
  EXPECT_EQ(names(apply.directory.list_services(query)), (Names{"d"}));
}

// Random puts and deletes against maps that are searched from end to end.
class NaiveModel {
 public:
  std::map<std::pair<std::string, std::string>, std::uint64_t> functions;

  [[nodiscard]] Names list(const std::string& in, const ListQuery& query) const {
    const std::string& from = query.next_token.empty() ? query.start_key : query.next_token;
    Names found;
    for (const auto& [key, id] : functions) {
      const bool wanted = key.first == in && key.second >= from &&
                          key.second.substr(0, query.prefix.size()) == query.prefix;
      if (wanted && found.size() < query.limit) found.push_back(key.second);
    }
    return found;
  }
};

std::string random_name(std::mt19937& random) {
  std::string name;
  const std::size_t size = 1 + random() % 3;
  while (name.size() < size) name += "ab_"[random() % 3];
  return name;
}

void put_or_remove(Applied& apply, NaiveModel& model, std::mt19937& random, std::uint64_t id) {
  const std::string in = random() % 2 == 0 ? "s" : "t";
  const std::string name = random_name(random);
  const auto known = model.functions.find({in, name});
  if (known == model.functions.end()) {
    apply(FunctionPut{function(id, in, name)});
    model.functions[{in, name}] = id;
  } else if (random() % 2 == 0) {
    apply(FunctionPut{function(known->second, in, name, id)});
  } else {
    apply(FunctionGone{FunctionId{known->second}, in, name});
    model.functions.erase(known);
  }
}

ListQuery random_query(std::mt19937& random) {
  ListQuery query;
  if (random() % 2 == 0) query.prefix = random_name(random);
  if (random() % 2 == 0) query.start_key = random_name(random);
  if (random() % 3 == 0) query.next_token = random_name(random);
  query.limit = 1 + random() % 7;
  return query;
}

Names names(const Page<FunctionPtr>& page) {
  Names all;
  for (const FunctionPtr& item : page.items) all.push_back(item->spec.name);
  return all;
}

TEST(Directory, AgreesWithANaiveModel) {
  std::mt19937 random(20160815);
  Applied apply;
  apply(ServicePut{service("s")});
  apply(ServicePut{service("t")});
  NaiveModel model;
  for (std::uint64_t step = 1; step <= 3000; ++step) {
    put_or_remove(apply, model, random, step);
    const ListQuery query = random_query(random);
    ASSERT_EQ(names(apply.directory.list_functions("s", query)), model.list("s", query)) << step;
    ASSERT_EQ(apply.directory.functions(), model.functions.size());
    const std::string name = random_name(random);
    const auto known = model.functions.find({"t", name});
    const FunctionPtr found = apply.directory.find_function("t", name);
    ASSERT_EQ(found != nullptr, known != model.functions.end());
    if (found) {
      ASSERT_EQ(found->id.value, known->second);
    }
  }
  ASSERT_EQ(apply.directory.all_functions().size(), model.functions.size());
}

TEST(Directory, PagesPutTogetherAreTheWholeList) {
  Applied apply;
  Names all;
  for (int i = 0; i < 57; ++i) {
    all.push_back("name" + std::to_string(100 + i));
    apply(ServicePut{service(all.back())});
  }
  for (std::size_t limit = 1; limit < 60; ++limit) {
    ListQuery query;
    query.limit = limit;
    Names gathered;
    do {
      const auto page = apply.directory.list_services(query);
      for (const auto& item : page.items) gathered.push_back(item->name);
      query.next_token = page.next_token;
    } while (!query.next_token.empty());
    ASSERT_EQ(gathered, all) << limit;
  }
}

}  // namespace
}  // namespace convoke
