// Engines that change a shared registry at random while connections and the server fail.
//
// Afterwards, in calm: every engine knows what one knows that has just read all rows, and has the
// code of it; and each change that was answered was made once.
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <vector>

#include "core/registry/shared/change_row.h"
#include "tests/registry/shared/fixture.h"

namespace convoke::shared_registry {
namespace {

constexpr int kEngines = 3;
constexpr int kChanges = 150;
constexpr std::uint64_t kServices = 3;
constexpr std::uint64_t kFunctions = 4;  // names of each service

class RegistryStorm : public SharedRegistry {
 protected:
  void begin() {
    for (int i = 0; i < kEngines; ++i) {
      engines_.push_back(
          std::make_unique<FakeEngine>(loop_, server_, std::string(1, static_cast<char>('a' + i))));
      start(*engines_.back());
    }
  }

  std::string service() { return "s" + std::to_string(rng_.below(kServices)); }
  std::string function() { return "f" + std::to_string(rng_.below(kFunctions)); }
  std::string qualifier() { return rng_.one_in(2) ? "" : "q"; }
  Mutation mutation() {
    FunctionFields fields = new_function("", std::to_string(rng_.next())).fields;
    switch (rng_.below(16)) {
      case 0:
        return CreateService{service(), {}};
      case 1:
        return DeleteService{service(), {}};
      case 2:
      case 3:
      case 4:
        return CreateFunction{service(), function(), fields};
      case 5:
      case 6:
      case 7:
        if (rng_.one_in(2)) fields.zip_base64.reset();
        return UpdateFunction{service(), function(), fields, {}};
      case 8:
      case 9:
        return DeleteFunction{service(), function(), {}};
      case 10:
      case 11:
      case 12:
        return PutLimit{service(), qualifier(), function(),
                        static_cast<std::int64_t>(rng_.below(5))};
      case 13:
        return DeleteLimit{service(), qualifier(), function()};
      default:
        return PutAsyncConfig{service(), qualifier(), function(), {}};
    }
  }

  void disturb() {
    switch (rng_.below(6)) {
      case 0:
        server_.ask({"CLIENT", "KILL", "TYPE", "normal"});
        return;
      case 1:
        server_.ask({"CLIENT", "KILL", "TYPE", "pubsub"});
        return;
      case 2:
        server_.kill();
        server_.start();
        return;
      case 3:
        some_engine().lose_next_answer();
        answers_.push_back(some_engine().ask(mutation()));
        turn_for(Millis{20});
        server_.ask({"CLIENT", "KILL", "TYPE", "normal"});
        return;
      case 4:
        server_.ask({"XTRIM", keys_.changes, "MAXLEN", "1"});
        return;
      default:
        server_.ask({"SCRIPT", "FLUSH"});
        return;
    }
  }
  FakeEngine& some_engine() { return *engines_[rng_.below(engines_.size())]; }

  void storm() {
    for (std::uint64_t i = 0; i < kServices; ++i) {
      engines_.front()->make(CreateService{"s" + std::to_string(i), {}});
    }
    for (int i = 0; i < kChanges; ++i) {
      answers_.push_back(some_engine().ask(mutation()));
      if (rng_.one_in(2)) turn_for(Millis{rng_.below(10)});
      if (!rng_.one_in(15)) continue;
      disturb();
      if (rng_.one_in(2)) turn_for(Millis{rng_.below(400)});
    }
  }
  // Whatever was lost is made again, and each answer comes.
  void calm() {
    server_.ask({"CLIENT", "KILL", "TYPE", "normal"});
    for (const FakeEngine::Answer& answer : answers_) {
      turn_until([&] { return answer->has_value(); });
    }
    for (const auto& engine : engines_) {
      turn_until([&] {
        return engine->get(DeleteService{"none", {}}).error().code !=
               ErrorCode::kServiceUnavailable;
      });
    }
    const std::uint64_t version = std::stoull(server_.ask({"GET", keys_.version}));
    for (const auto& engine : engines_) {
      turn_until([&] { return engine->versions.back() == version; });
    }
  }

  static std::vector<std::string> all_of(const Directory& directory) {
    ListQuery all;
    all.limit = 1'000'000;
    std::vector<std::string> rows;
    for (const auto& service : directory.list_services(all).items) rows.push_back(row_of(*service));
    for (const auto& function : directory.all_functions()) {
      rows.push_back(row_of(*function));
      for (const auto& config : directory.list_async_configs(function->id, all).items) {
        rows.push_back(row_of(*config));
      }
    }
    for (const auto& limit : directory.list_limits(all).items) rows.push_back(row_of(*limit));
    return rows;
  }

  Rng rng_ = Rng::seeded(1);
  std::vector<std::unique_ptr<FakeEngine>> engines_;
  std::vector<FakeEngine::Answer> answers_;
};

TEST_F(RegistryStorm, EnginesAgreeAndNothingThatWasAnsweredIsLost) {
  std::map<std::string, int> codes;
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    rng_ = Rng::seeded(seed);
    engines_.clear();
    server_.ask({"FLUSHALL"});
    answers_.clear();
    begin();
    storm();
    calm();
    std::set<std::uint64_t> versions;
    for (const FakeEngine::Answer& answer : answers_) {
      ++codes[(*answer)->ok() ? "ok" : std::string((*answer)->error().name())];
      if ((*answer)->ok()) {
        EXPECT_TRUE(versions.insert((**answer)->version).second);
      }
    }
    FakeEngine fresh(loop_, server_, "fresh");
    start(fresh);
    const std::vector<std::string> rows = all_of(fresh.directory);
    for (const auto& engine : engines_) EXPECT_EQ(all_of(engine->directory), rows) << seed;
    for (const auto& function : fresh.directory.all_functions()) {
      EXPECT_EQ(server_.ask({"TTL", keys_.code(code_name(function->code))}), "-1");
      EXPECT_TRUE(CodeStore::has(function->code));
      for (const auto& engine : engines_) {
        const FunctionPtr theirs = engine->directory.find_function(function->id);
        ASSERT_TRUE(theirs);
        EXPECT_TRUE(CodeStore::has(theirs->code));
      }
    }
    // As many versions as were answered, and those whose answers stayed a doubt.
    const std::uint64_t made = std::stoull(server_.ask({"GET", keys_.version}));
    EXPECT_GE(made, kServices + versions.size());
    EXPECT_LE(made,
              kServices + versions.size() + static_cast<std::size_t>(codes["ServiceUnavailable"]));
  }
  EXPECT_GT(codes["ok"], 30);
}

}  // namespace
}  // namespace convoke::shared_registry
