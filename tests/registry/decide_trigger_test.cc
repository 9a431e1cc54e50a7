#include <gtest/gtest.h>

#include <string>

#include "core/registry/decide.h"

namespace convoke {
namespace {

TriggerFields http(std::string auth = "anonymous") {
  TriggerFields fields;
  fields.type = "http";
  fields.config.emplace();
  fields.config->auth_type = std::move(auth);
  fields.config->methods = {"POST", "GET", "POST"};
  return fields;
}

TriggerFields timer(std::string expression = "@every 1m") {
  TriggerFields fields;
  fields.type = "timer";
  fields.config.emplace();
  fields.config->cron_expression = std::move(expression);
  fields.config->payload = "tick";
  return fields;
}

TriggerFields oss() {
  TriggerFields fields;
  fields.type = "oss";
  fields.source_arn = "acs:oss:cn-hangzhou:123:photos";
  fields.config.emplace();
  fields.config->events = {"oss:ObjectCreated:*"};
  fields.config->key_prefix = "in/";
  return fields;
}

TriggerFields cloud_events() {
  TriggerFields fields;
  fields.type = "cloudevents";
  fields.config.emplace();
  fields.config->filters = {{EventMatch::kPrefix, "type", "com."}};
  return fields;
}

class DecideTrigger : public ::testing::Test {
 protected:
  DecideTrigger() {
    EXPECT_EQ(outcome(CreateService{"s", {}}), "");
    create_function("f");
  }
  void create_function(const std::string& name) {
    FunctionFields fields;
    fields.runtime = "in-process";
    fields.handler = "pi";
    EXPECT_EQ(outcome(CreateFunction{"s", name, fields}), "");
  }
  // "" or "CODE: message".
  std::string outcome(const Mutation& mutation) {
    const Stamp stamp{committed.version() + 1, wall_from_ms(1000 * ++second_)};
    const Result<Change> change =
        decide(committed, mutation, stamp, [](std::string_view) { return true; });
    if (!change) return std::string(change.error().name()) + ": " + change.error().message;
    committed.apply(*change);
    return "";
  }
  std::string create(const TriggerFields& fields, const std::string& name = "t") {
    return outcome(CreateTrigger{"s", "f", name, fields});
  }
  // What is wrong with a trigger of which one member is changed.
  template <class Fields, class Change>
  std::string refused(Fields fields, Change change) {
    change(fields);
    const std::string said = create(fields);
    EXPECT_EQ(said.find("InvalidArgument: "), 0U) << said;
    return said;
  }
  TriggerPtr trigger(const std::string& name = "t") {
    return committed.find_trigger(committed.find_function("s", "f")->id, name);
  }
  Directory committed;

 private:
  std::int64_t second_ = 0;
};

TEST_F(DecideTrigger, EachKindIsCreatedWithItsDefaults) {
  ASSERT_EQ(create(http(), "h"), "");
  EXPECT_EQ(*trigger("h")->as<HttpTrigger>(), (HttpTrigger{true, {"GET", "POST"}}));
  EXPECT_EQ(trigger("h")->etag, "3");
  EXPECT_EQ(trigger("h")->id, 3U);
  ASSERT_EQ(create(timer(), "t"), "");
  EXPECT_EQ(*trigger("t")->as<TimerTrigger>(), (TimerTrigger{"@every 1m", "tick", true}));
  ASSERT_EQ(create(oss(), "o"), "");
  EXPECT_EQ(*trigger("o")->as<ObjectTrigger>(),
            (ObjectTrigger{"photos", {"oss:ObjectCreated:*"}, "in/", ""}));
  ASSERT_EQ(create(cloud_events(), "c"), "");
  EXPECT_EQ(*trigger("c")->as<CloudEventTrigger>(),
            (CloudEventTrigger{{{EventMatch::kPrefix, "type", "com."}}}));
  EXPECT_EQ(committed.triggers(), 4U);
}

TEST_F(DecideTrigger, AnHttpTriggerIsSignedUnlessItSaysOtherwiseAndHasNoSource) {
  TriggerFields fields = http();
  fields.config->auth_type.reset();
  fields.source_arn = "dummy_arn";
  ASSERT_EQ(create(fields), "");
  EXPECT_FALSE(trigger()->as<HttpTrigger>()->anonymous);
  EXPECT_EQ(trigger()->source_arn, "");
}

TEST_F(DecideTrigger, KindsThatAreNotOfferedAreNamed) {
  for (const char* type : {"eventbridge", "log", "mns_topic", "", "HTTP"}) {
    const std::string said = refused(http(), [&](TriggerFields& fields) { fields.type = type; });
    EXPECT_NE(said.find("allowed: http | timer | oss | cloudevents;"), std::string::npos) << said;
  }
}

TEST_F(DecideTrigger, WhatATriggerMaySayIsCheckedByItsKind) {
  const auto config = [](auto change) {
    return [change](TriggerFields& fields) { change(*fields.config); };
  };
  using Config = TriggerConfigFields;
  refused(http(), config([](Config& c) { c.auth_type = "token"; }));
  refused(http(), config([](Config& c) { c.methods = {"GET", "CONNECT"}; }));
  refused(http(), config([](Config& c) { c.methods.reset(); }));
  refused(http(), [](TriggerFields& fields) { fields.config.reset(); });
  refused(timer(), config([](Config& c) { c.cron_expression = "* * *"; }));
  refused(timer(), config([](Config& c) { c.cron_expression.reset(); }));
  refused(timer(), config([](Config& c) { c.payload = std::string(5000, 'x'); }));
  const auto filter = [config](EventFilter one, std::size_t count = 1) {
    return config([one, count](Config& c) { c.filters.emplace(count, one); });
  };
  refused(cloud_events(), filter({EventMatch::kExact, "Type", "a"}));
  refused(cloud_events(), filter({EventMatch::kExact, "", "a"}));
  refused(cloud_events(), filter({EventMatch::kExact, "type", ""}));
  refused(cloud_events(), filter({EventMatch::kExact, "type", "a\nexact id b"}));
  refused(cloud_events(), filter({EventMatch::kExact, "type", std::string(1025, 'x')}));
  refused(cloud_events(), filter({EventMatch::kExact, "type", "a"}, kEventFiltersMax + 1));
  refused(oss(), config([](Config& c) { c.events = {"oss:BucketDeleted:*"}; }));
  refused(oss(), config([](Config& c) { c.events = {"oss:ObjectCreated:"}; }));
  refused(oss(), config([](Config& c) { c.events->clear(); }));
  refused(oss(), config([](Config& c) { c.key_prefix = std::string(1025, 'x'); }));
  refused(oss(), config([](Config& c) { c.key_suffix = "a\nb"; }));
  refused(oss(), config([](Config& c) { c.outputs = {"UPPER/x"}; }));
  refused(oss(), [](TriggerFields& fields) { fields.source_arn = "acs:mns:r:1:photos"; });
  refused(oss(), [](TriggerFields& fields) { fields.source_arn.reset(); });
  refused(http(), [](TriggerFields& fields) { fields.invocation_role = std::string(301, 'r'); });
  refused(http(), [](TriggerFields& fields) { fields.description = std::string(257, 'd'); });
}

TEST_F(DecideTrigger, ANameIsTakenOnceWithinAFunction) {
  ASSERT_EQ(create(timer()), "");
  EXPECT_EQ(create(http()), "TriggerAlreadyExists: trigger 't' already exists in function 'f'");
  EXPECT_EQ(create(http(), "9").find("InvalidArgument: triggerName"), 0U);
  create_function("g");
  EXPECT_EQ(outcome(CreateTrigger{"s", "g", "t", timer()}), "");
}

TEST_F(DecideTrigger, OneHttpTriggerAnswersForAQualifier) {
  ASSERT_EQ(create(http(), "a"), "");
  TriggerFields latest = http();
  latest.qualifier = "LATEST";
  EXPECT_EQ(create(latest, "b"),
            "InvalidArgument: function 'f' has an http trigger for this qualifier already: 'a'");
  EXPECT_EQ(outcome(UpdateTrigger{"s", "f", "a", latest, {}}), "");
}

TEST_F(DecideTrigger, AQualifierMustNameSomething) {
  TriggerFields fields = http();
  fields.qualifier = "prod";
  EXPECT_EQ(create(fields).find("AliasNotFound"), 0U);
  fields.qualifier = "3";
  EXPECT_EQ(create(fields).find("VersionNotFound"), 0U);
}

TEST_F(DecideTrigger, AnUpdateReplacesTheConfigWholeAndKeepsWhatIsAbsent) {
  TriggerFields fields = oss();
  fields.description = "why";
  fields.config->outputs = {"photos/thumbs/"};
  ASSERT_EQ(create(fields), "");
  TriggerFields described;
  described.description = "because";
  ASSERT_EQ(outcome(UpdateTrigger{"s", "f", "t", described, "3"}), "");
  EXPECT_EQ(trigger()->as<ObjectTrigger>()->prefix, "in/");
  TriggerFields other;
  other.config.emplace();
  other.config->events = {"oss:ObjectRemoved:DeleteObject"};
  ASSERT_EQ(outcome(UpdateTrigger{"s", "f", "t", other, "4"}), "");
  EXPECT_EQ(*trigger()->as<ObjectTrigger>(),
            (ObjectTrigger{"photos", {"oss:ObjectRemoved:DeleteObject"}, "", ""}));
  EXPECT_TRUE(trigger()->outputs.empty());
  EXPECT_EQ(trigger()->description, "because");
  EXPECT_LT(trigger()->created, trigger()->modified);
  EXPECT_EQ(outcome(UpdateTrigger{"s", "f", "t", other, "4"}).find("PreconditionFailed"), 0U);
  TriggerFields kind;
  kind.type = "http";
  EXPECT_EQ(outcome(UpdateTrigger{"s", "f", "t", kind, {}}),
            "InvalidArgument: triggerType cannot be changed (it is 'oss', actual: 'http')");
}

TEST_F(DecideTrigger, TheEnginePausesOneOnceAndAnUpdateResumesIt) {
  ASSERT_EQ(create(oss()), "");
  const PauseTrigger pause{"s", "f", "t", trigger()->id, std::string(5'000, 'w')};
  ASSERT_EQ(outcome(pause), "");
  ASSERT_TRUE(trigger()->paused);
  EXPECT_EQ(trigger()->paused->since, trigger()->modified);
  EXPECT_EQ(trigger()->paused->why.size(), kPauseReasonBytesMax);
  EXPECT_EQ(trigger()->as<ObjectTrigger>()->prefix, "in/");
  EXPECT_EQ(outcome(pause).find("PreconditionFailed"), 0U) << "several shards ask for it";
  TriggerFields described;
  described.description = "because";
  ASSERT_EQ(outcome(UpdateTrigger{"s", "f", "t", described, {}}), "");
  EXPECT_TRUE(trigger()->paused) << "nothing was said of it";
  TriggerFields resumed;
  resumed.paused = false;
  ASSERT_EQ(outcome(UpdateTrigger{"s", "f", "t", resumed, {}}), "");
  EXPECT_FALSE(trigger()->paused);
  PauseTrigger another = pause;
  another.id = 1'000;
  EXPECT_EQ(outcome(another).find("PreconditionFailed"), 0U);
}

TEST_F(DecideTrigger, ADeletedOneIsNotFound) {
  ASSERT_EQ(create(timer()), "");
  EXPECT_EQ(outcome(DeleteTrigger{"s", "f", "t", "2"}).find("PreconditionFailed"), 0U);
  EXPECT_EQ(outcome(DeleteTrigger{"s", "f", "t", {}}), "");
  const std::string not_there = "TriggerNotFound: trigger 't' does not exist in function 'f'";
  EXPECT_EQ(outcome(DeleteTrigger{"s", "f", "t", {}}), not_there);
  EXPECT_EQ(outcome(UpdateTrigger{"s", "f", "t", timer(), {}}), not_there);
  EXPECT_EQ(committed.triggers(), 0U);
}

TEST_F(DecideTrigger, AFunctionWithTriggersStays) {
  ASSERT_EQ(create(timer()), "");
  EXPECT_EQ(outcome(DeleteFunction{"s", "f", {}}),
            "FunctionNotEmpty: function 'f' has active triggers");
  ASSERT_EQ(outcome(DeleteTrigger{"s", "f", "t", {}}), "");
  EXPECT_EQ(outcome(DeleteFunction{"s", "f", {}}), "");
}

TEST_F(DecideTrigger, AFunctionHasAtMostFiftyTriggers) {
  for (std::size_t i = 0; i < kTriggersPerFunctionMax; ++i)
    ASSERT_EQ(create(timer(), "t" + std::to_string(i)), "");
  EXPECT_EQ(create(timer(), "more").find("LimitExceededError"), 0U);
}

}  // namespace
}  // namespace convoke
