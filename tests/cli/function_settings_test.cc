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
