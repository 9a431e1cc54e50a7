#include "tools/serve_options.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace convoke::cli {
namespace {

using std::chrono::seconds;

// One environment variable for one test.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }
  ~Variable() { ::unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
};

struct Parsed {
  CLI::App app;
  ServeOptions options;
  ServeSettings settings{app, options};

  explicit Parsed(const std::string& command_line) { app.parse(command_line); }
};

TEST(ServeOptions, DefaultsAreThoseOfTheDocuments) {
  const Parsed parsed("");
  EXPECT_EQ(parsed.options.listen, "127.0.0.1:7070");
  EXPECT_EQ(parsed.options.state, "./state");
  EXPECT_EQ(parsed.options.shards, 0U);
  EXPECT_EQ(parsed.options.grace, seconds(30));
  EXPECT_EQ(parsed.options.idle_timeout, seconds(300));
  EXPECT_EQ(parsed.options.account_instances_max, 300U);
  EXPECT_EQ(parsed.options.queue_depth_max, 10'000'000U);
  EXPECT_EQ(parsed.options.function_queue_depth_max, 9'000'000U);
  EXPECT_FALSE(parsed.options.pin);
}

TEST(ServeOptions, AFlagWinsOverTheEnvironmentAndThatOverTheFile) {
  const Variable idle("CONVOKE_IDLE_TIMEOUT", "60");
  const Variable shards("CONVOKE_SHARDS", "3");
  Parsed parsed("--idle-timeout 10");
  ASSERT_TRUE(parsed.settings.apply_config("idle_timeout = 1\nshards = 2\ngrace = 5\n", "c"));
  EXPECT_EQ(parsed.options.idle_timeout, seconds(10));
  EXPECT_EQ(parsed.options.shards, 3U);
  EXPECT_EQ(parsed.options.grace, seconds(5));
}

TEST(ServeOptions, EveryFlagIsAlsoAKeyAndAVariable) {
  Parsed parsed("");
  for (const CLI::Option* option : parsed.app.get_options()) {
    const std::string name = option->get_lnames().front();
    if (name == "help") continue;
    EXPECT_FALSE(option->get_envname().empty()) << name;
  }
  EXPECT_TRUE(parsed.settings.apply_config(
      "listen = \"[::1]:1\"\nstate = \"s\"\nstate_wait = 1\nshards = 1\npin = true\nlog_level = "
      "\"debug\"\n"
      "grace = 1\nidle_timeout = 1\naccount_instances_max = 1\nsync_wait_max = 1\n"
      "sync_waiters_max = 1\nqueue_depth_max = 7\nfunction_queue_depth_max = 6\nlog_max_mb = "
      "1\nlog_max_days = 1\ndestinations_allow = "
      "\"10.0.0.0/8\"\n"
      "queue_ca = \"ca\"\nqueue_cert = \"cert\"\nqueue_key = \"key\"\n"
      "launcher = \"l\"\n",
      "c"));
  EXPECT_EQ(parsed.options.listen, "[::1]:1");
  EXPECT_TRUE(parsed.options.pin);
  EXPECT_EQ(parsed.options.log_level, "debug");
  EXPECT_EQ(parsed.options.destinations_allow, "10.0.0.0/8");
  EXPECT_EQ(parsed.options.queue_ca, "ca");
  EXPECT_EQ(parsed.options.queue_cert, "cert");
  EXPECT_EQ(parsed.options.queue_key, "key");
  EXPECT_EQ(parsed.options.launcher, "l");
  EXPECT_EQ(parsed.options.log_max_days, 1U);
  EXPECT_EQ(parsed.options.queue_depth_max, 7U);
  EXPECT_EQ(parsed.options.function_queue_depth_max, 6U);
}

TEST(ServeOptions, AQueueHoldsOneCallAtLeastAndAHundredMillionAtMost) {
  for (const std::string flag : {"--queue-depth-max ", "--function-queue-depth-max "}) {
    EXPECT_THROW(Parsed(flag + "0"), CLI::ValidationError);
    EXPECT_THROW(Parsed(flag + "100000001"), CLI::ValidationError);
    EXPECT_NO_THROW(Parsed(flag + "100000000"));
  }
}

TEST(ServeOptions, AnUnknownKeyNamesItsLineAndTheKeyThatWasMeant) {
  Parsed parsed("");
  Outcome<Done> applied = parsed.settings.apply_config("\nidle_timout = 1\n", "c.toml");
  ASSERT_FALSE(applied);
  EXPECT_EQ(applied.failure().message,
            "c.toml:2: unknown key 'idle_timout' (did you mean 'idle_timeout'?)");
}

TEST(ServeOptions, AKeyInATableIsUnknown) {
  Parsed parsed("");
  EXPECT_FALSE(parsed.settings.apply_config("[serve]\nshards = 1\n", "c"));
}

TEST(ServeOptions, ABadValueIsRefusedWhereverItComesFrom) {
  for (const char* text : {"shards = 65", "shards = -1", "grace = \"soon\"", "log_level = \"loud\"",
                           "idle_timeout = 0", "account_instances_max = 0"}) {
    Parsed parsed("");
    EXPECT_FALSE(parsed.settings.apply_config(text, "c")) << text;
  }
  EXPECT_THROW(Parsed("--shards 65"), CLI::ParseError);
  const Variable shards("CONVOKE_SHARDS", "many");
  EXPECT_THROW(Parsed(""), CLI::ParseError);
}

TEST(ServeOptions, AConfigurationFileThatIsNotThereIsAFailure) {
  Parsed parsed("--config /nowhere/convoke.toml");
  EXPECT_FALSE(parsed.settings.apply_config_file());
}

}  // namespace
}  // namespace convoke::cli
