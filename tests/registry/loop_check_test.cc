#include "core/registry/loop_check.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/registry/decide.h"

namespace convoke {
namespace {

class LoopCheck : public ::testing::Test {
 protected:
  LoopCheck() { EXPECT_EQ(outcome(CreateService{"s", {}}), ""); }

  // "" or the message.
  std::string outcome(const Mutation& mutation) {
    const Stamp stamp{committed.version() + 1, {}};
    const Result<Change> change =
        decide(committed, mutation, stamp, [](std::string_view) { return true; });
    if (!change) return change.error().message;
    committed.apply(*change);
    return "";
  }
  void functions(const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      FunctionFields fields;
      fields.runtime = "in-process";
      fields.handler = "pi";
      EXPECT_EQ(outcome(CreateFunction{"s", name, fields}), "");
    }
  }
  static TriggerFields reads(const std::string& prefix, const std::vector<std::string>& outputs,
                             const std::string& event = "oss:ObjectCreated:*") {
    TriggerFields fields;
    fields.type = "oss";
    fields.source_arn = "acs:oss:local:1:photos";
    fields.config.emplace();
    fields.config->events = {event};
    fields.config->key_prefix = prefix;
    fields.config->outputs = outputs;
    return fields;
  }
  std::string trigger(const std::string& function, const TriggerFields& fields,
                      const std::string& name = "t") {
    return outcome(CreateTrigger{"s", function, name, fields});
  }
  std::string sends(const std::string& function, const std::string& to, bool meant = false,
                    const std::string& qualifier = "") {
    AsyncConfigFields fields;
    fields.on_success = "acs:fc:::services/s/functions/" + to;
    if (meant) fields.allow_loop = true;
    return outcome(PutAsyncConfig{"s", qualifier, function, fields});
  }
  Directory committed;
};

std::string loop_in(const std::string& message) {
  const std::string before = "without end: ";
  const std::size_t at = message.find(before);
  if (at == std::string::npos) return message;
  return message.substr(at + before.size(), message.find(';') - at - before.size());
}

TEST_F(LoopCheck, AFunctionThatWritesWhereItReadsIsRefusedAndTheLoopSpelledOut) {
  functions({"resize"});
  EXPECT_EQ(trigger("resize", reads("", {"photos/"})),
            "this would close a loop, in which each call causes the next without end: bucket "
            "photos/ -> s/resize -> bucket photos/; break it, or say triggerConfig.allowLoop: true "
            "if it is meant");
  EXPECT_EQ(committed.triggers(), 0U);
}

TEST_F(LoopCheck, PrefixesThatDoNotMeetAreNoLoop) {
  functions({"resize"});
  EXPECT_EQ(trigger("resize", reads("src/", {"photos/dst/", "other/src/"})), "");
}

TEST_F(LoopCheck, PrefixesMeetWhereOneBeginsWithTheOther) {
  functions({"f"});
  EXPECT_NE(trigger("f", reads("in/", {"photos/in/thumbs/"})), "");
  EXPECT_NE(trigger("f", reads("in/thumbs/", {"photos/in/"})), "");
  EXPECT_NE(trigger("f", reads("in/", {"photos"})), "");
  EXPECT_EQ(trigger("f", reads("in/", {"photos/inside/"})), "");
}

TEST_F(LoopCheck, WhatIsWrittenRemovesNothing) {
  functions({"f"});
  EXPECT_EQ(trigger("f", reads("", {"photos/"}, "oss:ObjectRemoved:*")), "");
}

TEST_F(LoopCheck, ALoopThatIsMeantIsTakenUntilItIsNotMeantAnyMore) {
  functions({"f"});
  TriggerFields fields = reads("", {"photos/"});
  fields.config->allow_loop = true;
  EXPECT_EQ(trigger("f", fields), "");
  TriggerFields described;
  described.description = "why";
  EXPECT_EQ(outcome(UpdateTrigger{"s", "f", "t", described, {}}), "");
  TriggerFields not_meant;
  not_meant.config = reads("", {"photos/"}).config;
  EXPECT_NE(outcome(UpdateTrigger{"s", "f", "t", not_meant, {}}), "");
}

TEST_F(LoopCheck, ALoopIsFoundThroughTriggersAndDestinationsWhicheverClosesIt) {
  functions({"a", "b", "c"});
  EXPECT_EQ(trigger("a", reads("in/", {})), "");
  EXPECT_EQ(sends("a", "b"), "");
  EXPECT_EQ(sends("b", "c"), "");
  TriggerFields timer;
  timer.type = "timer";
  timer.config.emplace();
  timer.config->cron_expression = "@every 1m";
  timer.config->outputs = {"photos/in/c/"};
  EXPECT_EQ(loop_in(trigger("c", timer)), "s/c -> bucket photos/in/c/ -> s/a -> s/b -> s/c");
  EXPECT_EQ(loop_in(sends("c", "a")), "s/c -> s/a -> s/b -> s/c");
  EXPECT_EQ(sends("c", "a", true), "");
  EXPECT_EQ(sends("c", "nobody"), "");
}

TEST_F(LoopCheck, EachQualifierHasItsOwnDestinations) {
  functions({"a", "b"});
  EXPECT_EQ(sends("a", "b"), "");
  EXPECT_EQ(sends("b", "a", false, "prod"), "");
  EXPECT_EQ(loop_in(sends("b", "a", false, "LATEST")), "s/b -> s/a -> s/b");
}

TEST_F(LoopCheck, ADestinationMayBeNamedBeforeItIsThereAndItsReturnIsSeen) {
  functions({"a"});
  EXPECT_EQ(sends("a", "later"), "");
  functions({"later"});
  EXPECT_EQ(loop_in(sends("later", "a")), "s/later -> s/a -> s/later");
}

// ---- against a finder of cycles that knows nothing but edges ----

// What is in force, as a matrix of who reaches whom.
class BruteForce {
 public:
  explicit BruteForce(const Directory& directory) {
    for (const TriggerPtr& trigger : directory.all_triggers()) {
      if (trigger->allow_loop) continue;
      for (const ObjectOutput& output : trigger->outputs) outputs_.insert(output.text());
    }
    for (const FunctionPtr& function : directory.all_functions()) {
      for (const AsyncConfigPtr& config : directory.list_async_configs(function->id, {}).items)
        add(*config);
    }
    for (const TriggerPtr& trigger : directory.all_triggers()) add(*trigger);
  }
  bool has_cycle() {
    const std::size_t size = nodes_.size();
    for (std::size_t by = 0; by < size; ++by) {
      for (std::size_t from = 0; from < size; ++from) {
        for (std::size_t to = 0; to < size; ++to) {
          if (reaches_[from][by] && reaches_[by][to]) reaches_[from][to] = true;
        }
      }
    }
    for (std::size_t node = 0; node < size; ++node) {
      if (reaches_[node][node]) return true;
    }
    return false;
  }

 private:
  static constexpr const char* kQualifiers[] = {"LATEST", "q"};

  std::size_t number(const std::string& node) {
    return nodes_.emplace(node, nodes_.size()).first->second;
  }
  void edge(const std::string& from, const std::string& to) {
    const std::size_t row = number(from);
    reaches_.at(row).at(number(to)) = true;
  }
  void add(const AsyncConfig& config) {
    if (config.allow_loop) return;
    for (const auto& destination : {config.on_success, config.on_failure}) {
      if (!destination) continue;
      const auto& to = std::get<FunctionDestination>(destination->to);
      const std::string qualifier = to.qualifier.empty() ? "LATEST" : to.qualifier;
      edge(config.function + '.' + config.qualifier, to.function + '.' + qualifier);
    }
  }
  void add(const Trigger& trigger) {
    if (trigger.allow_loop) return;
    for (const ObjectOutput& output : trigger.outputs) {
      for (const char* qualifier : kQualifiers)
        edge(trigger.function + '.' + qualifier, output.text());
    }
    const auto* object = trigger.as<ObjectTrigger>();
    if (object == nullptr) return;
    const std::string watched = object->bucket + '/' + object->prefix;
    for (const std::string& written : outputs_) {
      const std::size_t shorter = std::min(written.size(), watched.size());
      if (written.substr(0, shorter) == watched.substr(0, shorter))
        edge(written, trigger.function + ".LATEST");
    }
  }

  std::map<std::string, std::size_t> nodes_;
  std::set<std::string> outputs_;
  std::array<std::array<bool, 32>, 32> reaches_{};
};

class RandomGraph : public LoopCheck {
 protected:
  explicit RandomGraph() { functions({"f0", "f1", "f2", "f3", "f4"}); }

  std::size_t below(std::size_t n) { return random_() % n; }
  std::string any_function() { return "f" + std::to_string(below(5)); }
  std::string any_prefix() {
    static const std::vector<std::string> kPrefixes = {"", "a/", "a/b/", "b/", "b/c/", "c/"};
    return kPrefixes[below(kPrefixes.size())];
  }
  Mutation any_trigger() {
    TriggerFields fields = reads(any_prefix(), {});
    for (std::size_t i = below(3); i > 0; --i)
      fields.config->outputs->push_back("photos/" + any_prefix());
    fields.config->allow_loop = below(10) == 0;
    return CreateTrigger{"s", any_function(), "t" + std::to_string(++named_), fields};
  }
  Mutation any_config() {
    AsyncConfigFields fields;
    const std::string suffix = below(3) == 0 ? ".q" : "";
    fields.on_success = "acs:fc:::services/s" + suffix + "/functions/" + any_function();
    if (below(2) == 0) fields.on_failure = "acs:fc:::services/s/functions/" + any_function();
    fields.allow_loop = below(10) == 0;
    return PutAsyncConfig{"s", below(3) == 0 ? "q" : "", any_function(), fields};
  }
  // What the registry would hold if nobody checked: the change is let through as if it were meant.
  Directory unchecked(Mutation mutation) {
    bool meant = false;
    if (auto* create = std::get_if<CreateTrigger>(&mutation))
      meant = *std::exchange(create->fields.config->allow_loop, true);
    if (auto* config = std::get_if<PutAsyncConfig>(&mutation))
      meant = *std::exchange(config->fields.allow_loop, true);
    const Stamp stamp{committed.version() + 1, {}};
    Result<Change> change = decide(committed, mutation, stamp, {});
    EXPECT_TRUE(change) << change.error().message;
    Directory with = committed;
    if (auto* made = std::get_if<TriggerPut>(&change->what)) {
      Trigger trigger = *made->trigger;
      trigger.allow_loop = meant;
      with.apply({stamp.version, TriggerPut{std::make_shared<const Trigger>(trigger)}});
    } else {
      AsyncConfig config = *std::get<AsyncConfigPut>(change->what).config;
      config.allow_loop = meant;
      with.apply({stamp.version, AsyncConfigPut{std::make_shared<const AsyncConfig>(config)}});
    }
    return with;
  }

  std::mt19937 random_;
  std::size_t named_ = 0;
};

// Each change is checked by itself: accepted exactly if the graph with it has no cycle.
TEST_F(RandomGraph, AThousandAgreeWithABruteForceFinderOfCycles) {
  const Directory empty = committed;
  int refused = 0;
  int taken = 0;
  for (unsigned seed = 0; seed < 1000; ++seed) {
    committed = empty;
    random_.seed(seed);
    for (int i = 0; i < 8; ++i) {
      const Mutation mutation = below(2) == 0 ? any_trigger() : any_config();
      const bool cycle = BruteForce(unchecked(mutation)).has_cycle();
      const std::string said = outcome(mutation);
      ASSERT_EQ(said.empty(), !cycle) << "seed " << seed << " step " << i << ": " << said;
      said.empty() ? ++taken : ++refused;
    }
  }
  EXPECT_GT(refused, 1000);
  EXPECT_GT(taken, 1000);
}

}  // namespace
}  // namespace convoke
