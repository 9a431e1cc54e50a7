#include "core/registry/decide.h"

#include <gtest/gtest.h>

namespace convoke {
namespace {

// A committed state that grows by what is decided.
class World {
 public:
  Result<Change> decide_only(const Mutation& mutation) {
    const Stamp stamp{committed.version() + 1, wall_from_ms(1000 * ++second_)};
    return decide(committed, mutation, stamp, [](std::string_view name) { return name == "pi"; });
  }
  Result<Change> execute(const Mutation& mutation) {
    Result<Change> change = decide_only(mutation);
    if (!change) return change;
    if (code_of(mutation) != nullptr) change = with_code(*change, {"123", 4, "/code/x"});
    committed.apply(*change);
    return change;
  }
  ErrorCode error(const Mutation& mutation) {
    Result<Change> change = execute(mutation);
    EXPECT_FALSE(change);
    return change ? ErrorCode::kInternalServerError : change.error().code;
  }
  FunctionPtr function(const std::string& name) { return committed.find_function("s", name); }
  AsyncConfigPtr async_config(const std::string& qualifier) {
    return committed.async_config_of(function("f")->id, qualifier);
  }

  Directory committed;

 private:
  std::int64_t second_ = 0;
};

FunctionFields with_zip() {
  FunctionFields fields;
  fields.runtime = "custom";
  fields.zip_base64 = "AAAA";
  return fields;
}

World with_function() {
  World world;
  EXPECT_TRUE(world.execute(CreateService{"s", {}}));
  EXPECT_TRUE(world.execute(CreateFunction{"s", "f", with_zip()}));
  return world;
}

TEST(Decide, WhatIsCreatedGetsTheVersionAsIdAndETag) {
  World world = with_function();
  EXPECT_EQ(world.committed.find_service("s")->id, 1U);
  EXPECT_EQ(world.function("f")->id.value, 2U);
  EXPECT_EQ(world.function("f")->etag, "2");
  EXPECT_EQ(world.function("f")->revision, 1U);
  EXPECT_EQ(world.function("f")->created, world.function("f")->modified);
}

TEST(Decide, ANameIsTakenOnce) {
  World world = with_function();
  EXPECT_EQ(world.error(CreateService{"s", {}}), ErrorCode::kServiceAlreadyExists);
  EXPECT_EQ(world.error(CreateFunction{"s", "f", with_zip()}), ErrorCode::kFunctionAlreadyExists);
  EXPECT_EQ(world.error(CreateFunction{"t", "f", with_zip()}), ErrorCode::kServiceNotFound);
  EXPECT_EQ(world.error(CreateService{"9", {}}), ErrorCode::kInvalidArgument);
  EXPECT_EQ(world.error(CreateFunction{"s", "a.b", with_zip()}), ErrorCode::kInvalidArgument);
}

TEST(Decide, WhatIsNotThereCannotBeChanged) {
  World world = with_function();
  EXPECT_EQ(world.error(UpdateService{"t", {}, {}}), ErrorCode::kServiceNotFound);
  EXPECT_EQ(world.error(DeleteService{"t", {}}), ErrorCode::kServiceNotFound);
  EXPECT_EQ(world.error(UpdateFunction{"s", "g", {}, {}}), ErrorCode::kFunctionNotFound);
  EXPECT_EQ(world.error(DeleteFunction{"t", "f", {}}), ErrorCode::kServiceNotFound);
  EXPECT_EQ(world.error(PutLimit{"s", "", "g", 1}), ErrorCode::kFunctionNotFound);
  EXPECT_EQ(world.error(DeleteLimit{"s", "", "f"}), ErrorCode::kOnDemandConfigNotFound);
}

TEST(Decide, AServiceWithFunctionsStays) {
  World world = with_function();
  EXPECT_EQ(world.error(DeleteService{"s", {}}), ErrorCode::kServiceNotEmpty);
  EXPECT_TRUE(world.execute(DeleteFunction{"s", "f", {}}));
  EXPECT_TRUE(world.execute(DeleteService{"s", {}}));
  EXPECT_FALSE(world.committed.find_service("s"));
}

TEST(Decide, AStaleETagIsRefusedAndTheCurrentOneIsNot) {
  World world = with_function();
  const std::string first = world.function("f")->etag;
  FunctionFields fields;
  fields.description = "new";
  EXPECT_TRUE(world.execute(UpdateFunction{"s", "f", fields, first}));
  EXPECT_EQ(world.error(UpdateFunction{"s", "f", fields, first}), ErrorCode::kPreconditionFailed);
  EXPECT_EQ(world.error(DeleteFunction{"s", "f", first}), ErrorCode::kPreconditionFailed);
  EXPECT_EQ(world.error(UpdateService{"s", {}, "99"}), ErrorCode::kPreconditionFailed);
  EXPECT_EQ(world.error(DeleteService{"s", "99"}), ErrorCode::kPreconditionFailed);
  const std::string quoted = '"' + world.function("f")->etag + '"';
  EXPECT_TRUE(world.execute(UpdateFunction{"s", "f", fields, quoted}));
  EXPECT_TRUE(world.execute(DeleteFunction{"s", "f", "*"}));
}

TEST(Decide, AnUpdateKeepsWhatIsAbsentAndWhenItWasMade) {
  World world = with_function();
  const FunctionPtr before = world.function("f");
  FunctionFields fields;
  fields.timeout_s = 99;
  ASSERT_TRUE(world.execute(UpdateFunction{"s", "f", fields, {}}));
  const FunctionPtr after = world.function("f");
  EXPECT_EQ(after->id, before->id);
  EXPECT_EQ(after->created, before->created);
  EXPECT_GT(after->modified, before->modified);
  EXPECT_EQ(after->code.directory, before->code.directory);
  EXPECT_EQ(after->spec.timeout, Seconds{99});
  EXPECT_EQ(after->spec.runtime_name, before->spec.runtime_name);
}

TEST(Decide, TheRevisionGrowsOnlyWithWhatAnInstanceCanNotice) {
  World world = with_function();
  FunctionFields described;
  described.description = "words";
  described.extra["layers"] = "[]";
  ASSERT_TRUE(world.execute(UpdateFunction{"s", "f", described, {}}));
  EXPECT_EQ(world.function("f")->revision, 1U);
  FunctionFields same;
  same.runtime = "custom";
  ASSERT_TRUE(world.execute(UpdateFunction{"s", "f", same, {}}));
  EXPECT_EQ(world.function("f")->revision, 1U);
  FunctionFields environment;
  environment.environment = {{{"A", "1"}}};
  ASSERT_TRUE(world.execute(UpdateFunction{"s", "f", environment, {}}));
  EXPECT_EQ(world.function("f")->revision, 2U);
  ASSERT_TRUE(world.execute(UpdateFunction{"s", "f", with_zip(), {}}));
  EXPECT_EQ(world.function("f")->revision, 3U);
  FunctionFields timeout;
  timeout.timeout_s = 7;
  ASSERT_TRUE(world.execute(UpdateFunction{"s", "f", timeout, {}}));
  EXPECT_EQ(world.function("f")->revision, 4U);
}

TEST(Decide, AProcessNeedsCodeAndAnInProcessHandlerTakesNone) {
  World world = with_function();
  FunctionFields fields;
  fields.runtime = "custom";
  EXPECT_EQ(world.error(CreateFunction{"s", "g", fields}), ErrorCode::kInvalidArgument);
  fields.runtime = "in-process";
  fields.handler = "pi";
  ASSERT_TRUE(world.execute(CreateFunction{"s", "g", fields}));
  fields.zip_base64 = "AAAA";
  EXPECT_EQ(world.error(CreateFunction{"s", "h", fields}), ErrorCode::kInvalidArgument);
  FunctionFields to_custom;
  to_custom.runtime = "custom";
  EXPECT_EQ(world.error(UpdateFunction{"s", "g", to_custom, {}}), ErrorCode::kInvalidArgument);
  FunctionFields to_in_process;
  to_in_process.runtime = "in-process";
  to_in_process.handler = "pi";
  ASSERT_TRUE(world.execute(UpdateFunction{"s", "f", to_in_process, {}}));
  EXPECT_EQ(world.function("f")->code.directory, "");
}

TEST(Decide, ARuntimeHasNoDefault) {
  World world = with_function();
  FunctionFields fields;
  fields.zip_base64 = "AAAA";
  const Result<Change> change = world.execute(CreateFunction{"s", "g", fields});
  ASSERT_FALSE(change);
  EXPECT_NE(change.error().message.find("Runtime is set to an invalid value"), std::string::npos);
}

TEST(Decide, LimitsHaveARangeAndBelongToTheirFunction) {
  World world = with_function();
  EXPECT_EQ(world.error(PutLimit{"s", "", "f", -1}), ErrorCode::kInvalidArgument);
  EXPECT_EQ(world.error(PutLimit{"s", "", "f", INT64_MAX}), ErrorCode::kInvalidArgument);
  EXPECT_EQ(world.error(PutLimit{"s", "a/b", "f", 1}), ErrorCode::kInvalidArgument);
  ASSERT_TRUE(world.execute(PutLimit{"s", "", "f", 0}));
  ASSERT_TRUE(world.execute(PutLimit{"s", "prod", "f", 3}));
  EXPECT_EQ(world.committed.find_limit("services/s.prod/functions/f")->function_id,
            world.function("f")->id);
  ASSERT_TRUE(world.execute(DeleteLimit{"s", "", "f"}));
  EXPECT_EQ(world.error(DeleteLimit{"s", "", "f"}), ErrorCode::kOnDemandConfigNotFound);
}

TEST(Decide, AFunctionHasAMaximumOfLimits) {
  World world = with_function();
  for (std::size_t i = 0; i < kLimitsPerFunctionMax; ++i)
    ASSERT_TRUE(world.execute(PutLimit{"s", "q" + std::to_string(i), "f", 1}));
  EXPECT_EQ(world.error(PutLimit{"s", "more", "f", 1}), ErrorCode::kLimitExceeded);
  EXPECT_TRUE(world.execute(PutLimit{"s", "q0", "f", 2}));  // in place of one
}

TEST(Decide, AnAsyncConfigIsMergedIntoWhatThereIs) {
  World world = with_function();
  AsyncConfigFields fields;
  fields.retries_max = 0;
  fields.on_success = "acs:fc:::services/s/functions/next";
  ASSERT_TRUE(world.execute(PutAsyncConfig{"s", "", "f", fields}));
  const AsyncConfigPtr before = world.async_config("LATEST");
  ASSERT_TRUE(before);
  EXPECT_EQ(before->created, before->modified);
  AsyncConfigFields more;
  more.age_max_s = 60;
  more.on_failure = "http://example.com/";
  ASSERT_TRUE(world.execute(PutAsyncConfig{"s", "LATEST", "f", more}));
  const AsyncConfigPtr after = world.async_config("");
  EXPECT_EQ(after->created, before->created);
  EXPECT_GT(after->modified, before->modified);
  EXPECT_EQ(after->retries_max, 0U);
  EXPECT_EQ(after->age_max, Seconds{60});
  EXPECT_EQ(after->on_success->text, "acs:fc:::services/s/functions/next");
  EXPECT_EQ(after->on_failure->text, "http://example.com/");
  EXPECT_EQ(after->stateful, std::nullopt);
  EXPECT_EQ(world.committed.async_configs_of(after->function_id), 1U);
}

TEST(Decide, AnEmptyDestinationTakesTheOneThereIsAway) {
  World world = with_function();
  AsyncConfigFields fields;
  fields.on_success = fields.on_failure = "http://example.com/";
  ASSERT_TRUE(world.execute(PutAsyncConfig{"s", "", "f", fields}));
  AsyncConfigFields without;
  without.on_success = "";
  ASSERT_TRUE(world.execute(PutAsyncConfig{"s", "", "f", without}));
  EXPECT_FALSE(world.async_config("")->on_success);
  EXPECT_TRUE(world.async_config("")->on_failure);
}

TEST(Decide, WhatAnAsyncConfigMaySayHasItsRange) {
  World world = with_function();
  const auto put = [&world](auto set) {
    AsyncConfigFields fields;
    set(fields);
    const Result<Change> change = world.execute(PutAsyncConfig{"s", "", "f", fields});
    return change ? std::string() : std::string(change.error().name());
  };
  for (const std::int64_t age : {INT64_MIN, std::int64_t{0}, std::int64_t{604'801}, INT64_MAX})
    EXPECT_EQ(put([&](auto& fields) { fields.age_max_s = age; }), "InvalidArgument") << age;
  for (const std::int64_t age : {1, 604'800})
    EXPECT_EQ(put([&](auto& fields) { fields.age_max_s = age; }), "") << age;
  for (const std::int64_t retries : {INT64_MIN, std::int64_t{-1}, std::int64_t{9}, INT64_MAX})
    EXPECT_EQ(put([&](auto& fields) { fields.retries_max = retries; }), "InvalidArgument");
  for (const std::int64_t retries : {0, 8})
    EXPECT_EQ(put([&](auto& fields) { fields.retries_max = retries; }), "") << retries;
  EXPECT_EQ(put([](auto& fields) { fields.on_failure = "mailto:me"; }), "InvalidArgument");
}

TEST(Decide, AFunctionIsNoDestinationOfItself) {
  World world = with_function();
  const auto error_for = [&world](const char* qualifier, const char* destination) {
    AsyncConfigFields fields;
    fields.on_success = destination;
    const Result<Change> change = world.execute(PutAsyncConfig{"s", qualifier, "f", fields});
    return change ? std::string() : change.error().message;
  };
  EXPECT_NE(error_for("", "acs:fc:::services/s/functions/f").find("the function itself"),
            std::string::npos);
  EXPECT_NE(error_for("LATEST", "acs:fc:r:1:services/s/functions/f"), "");
  EXPECT_NE(error_for("", "acs:fc:r:1:services/s.LATEST/functions/f"), "");
  EXPECT_NE(error_for("prod", "acs:fc:::services/s.prod/functions/f"), "");
  EXPECT_EQ(error_for("prod", "acs:fc:::services/s/functions/f"), "");
  EXPECT_EQ(error_for("", "acs:fc:::services/s/functions/g"), "");
  EXPECT_EQ(error_for("", "acs:fc:::services/t/functions/f"), "");
  AsyncConfigFields failing;
  failing.on_failure = "acs:fc:::services/s/functions/f";
  EXPECT_EQ(world.error(PutAsyncConfig{"s", "", "f", failing}), ErrorCode::kInvalidArgument);
}

TEST(Decide, AnAsyncConfigThatIsNotThereIsNamedAsFunctionComputeDoes) {
  World world = with_function();
  const Result<Change> change = world.execute(DeleteAsyncConfig{"s", "", "f"});
  ASSERT_FALSE(change);
  EXPECT_EQ(change.error().code, ErrorCode::kAsyncConfigNotExists);
  EXPECT_EQ(change.error().message, "AsyncConfig for s:f does not exist.");
  EXPECT_EQ(world.error(PutAsyncConfig{"s", "", "g", {}}), ErrorCode::kFunctionNotFound);
  EXPECT_EQ(world.error(DeleteAsyncConfig{"s", "", "g"}), ErrorCode::kFunctionNotFound);
  EXPECT_EQ(world.error(PutAsyncConfig{"t", "", "f", {}}), ErrorCode::kServiceNotFound);
  EXPECT_EQ(world.error(PutAsyncConfig{"s", "a/b", "f", {}}), ErrorCode::kInvalidArgument);
  ASSERT_TRUE(world.execute(PutAsyncConfig{"s", "LATEST", "f", {}}));
  ASSERT_TRUE(world.execute(DeleteAsyncConfig{"s", "", "f"}));
  EXPECT_FALSE(world.async_config(""));
}

TEST(Decide, AFunctionHasAMaximumOfAsyncConfigs) {
  World world = with_function();
  for (std::size_t i = 0; i < kAsyncConfigsPerFunctionMax; ++i)
    ASSERT_TRUE(world.execute(PutAsyncConfig{"s", "q" + std::to_string(i), "f", {}}));
  EXPECT_EQ(world.error(PutAsyncConfig{"s", "more", "f", {}}), ErrorCode::kLimitExceeded);
  EXPECT_TRUE(world.execute(PutAsyncConfig{"s", "q0", "f", {}}));  // merged into one
}

TEST(Decide, ChangesNothingItself) {
  World world = with_function();
  ASSERT_TRUE(world.decide_only(DeleteFunction{"s", "f", {}}));
  EXPECT_TRUE(world.function("f"));
}

}  // namespace
}  // namespace convoke
