#include "tools/function_settings.h"

#include <gtest/gtest.h>

namespace convoke::cli {
namespace {

std::string members_of(const FunctionSettings& settings) {
  JsonWriter json;
  json.begin_object();
  settings.write_members(json);
  json.end_object();
  return json.text();
}

TEST(Settings, KeysBecomeTheMembersOfTheApi) {
  FunctionSettings settings;
  for (const auto& [key, value] : {std::pair{"timeout", "60"}, std::pair{"memory", "512"},
                                   std::pair{"concurrency", "4"}, std::pair{"handler", "a.b"}}) {
    ASSERT_TRUE(settings.set(key, value));
  }
  settings.set_environment("A", "x\"y");
  EXPECT_EQ(members_of(settings),
            R"({"instanceConcurrency":4,"handler":"a.b","memorySize":512,"timeout":60,)"
            R"("environmentVariables":{"A":"x\"y"}})");
}

TEST(Settings, EveryKeyIsTakenAndHasItsHelp) {
  for (const SettingKey& key : setting_keys()) {
    FunctionSettings settings;
    EXPECT_TRUE(settings.set(key.key, "1")) << key.key;
    EXPECT_NE(members_of(settings).find(key.member), std::string::npos) << key.key;
    EXPECT_NE(settings_help().find(key.key), std::string::npos);
  }
}

TEST(Settings, TheLimitStandsBesideTheFunction) {
  FunctionSettings settings;
  ASSERT_TRUE(settings.set("limit", "0"));
  EXPECT_FALSE(settings.changes_function());
  EXPECT_EQ(settings.limit()->maximum, 0);
  ASSERT_TRUE(settings.set("limit", "none"));
  EXPECT_EQ(settings.limit()->maximum, std::nullopt);
  EXPECT_EQ(members_of(settings), "{}");
}

TEST(Settings, WhatAsynchronousCallsAreToldStandsBesideTheFunction) {
  FunctionSettings settings;
  EXPECT_TRUE(settings.async().empty());
  for (const auto& [key, value] :
       {std::pair{"retries", "0"}, std::pair{"max_age", "60"}, std::pair{"stateful", "true"},
        std::pair{"on_success", "acs:fc:::services/s/functions/f"},
        std::pair{"on_failure", "http://h/?a=b"}})
    ASSERT_TRUE(settings.set(key, value)) << key;
  EXPECT_FALSE(settings.changes_function());
  EXPECT_EQ(settings.async().body(),
            R"({"maxAsyncEventAgeInSeconds":60,"maxAsyncRetryAttempts":0,)"
            R"("statefulInvocation":true,"destinationConfig":{)"
            R"("onFailure":{"destination":"http://h/?a=b"},)"
            R"("onSuccess":{"destination":"acs:fc:::services/s/functions/f"}}})");
}

TEST(Settings, NoneIsTheDefaultOfWhatAsynchronousCallsAreTold) {
  FunctionSettings settings;
  for (const AsyncKey& key : async_keys()) {
    ASSERT_TRUE(settings.set(key.key, "none")) << key.key;
    EXPECT_NE(settings_help().find(key.key), std::string::npos);
  }
  EXPECT_EQ(settings.async().body(),
            R"({"maxAsyncEventAgeInSeconds":86400,"maxAsyncRetryAttempts":3,)"
            R"("statefulInvocation":false,"destinationConfig":{)"
            R"("onFailure":{"destination":""},"onSuccess":{"destination":""}}})");
}

TEST(Settings, WhatAsynchronousCallsAreToldHasItsKinds) {
  FunctionSettings settings;
  for (const auto& [key, value] :
       {std::pair{"retries", "three"}, std::pair{"retries", ""}, std::pair{"max_age", "1d"},
        std::pair{"stateful", "1"}, std::pair{"stateful", "yes"}, std::pair{"on_success", ""}})
    EXPECT_FALSE(settings.set(key, value)) << key;
  EXPECT_EQ(settings.set("stateful", "yes").failure().message,
            "stateful is true, false or none, not 'yes'");
  EXPECT_TRUE(settings.async().empty());
}

TEST(Settings, WhatIsNoNumberIsRefusedWhereOneIsAsked) {
  for (const char* value : {"", "ten", "1s", " 1", "1.5", "99999999999999999999"}) {
    FunctionSettings settings;
    EXPECT_FALSE(settings.set("timeout", value)) << value;
    EXPECT_FALSE(settings.set("limit", value)) << value;
  }
}

TEST(Settings, AnUnknownKeyIsRefusedWithTheOneThatWasMeant) {
  FunctionSettings settings;
  Outcome<Done> set = settings.set("time-out", "1");
  ASSERT_FALSE(set);
  EXPECT_EQ(set.failure().message, "unknown key 'time-out' (did you mean 'timeout'?)");
}

}  // namespace
}  // namespace convoke::cli
