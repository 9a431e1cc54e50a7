// The stand-in answers as Redis does: the same random commands to both, and every reply compared.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "core/guard/shared/ledger_exchange.h"
#include "core/guard/shared/shared_limits.h"
#include "core/registry/shared/scripts.h"
#include "queue/redis/scripts.h"
#include "tests/redis_server.h"
#include "tests/redis_stand_in/random_commands.h"
#include "tests/redis_stand_in/sides.h"

namespace convoke::stand_in {
namespace {

constexpr int kBatch = 40;            // commands, besides what shows all that lies there
constexpr int kBatchesOfALife = 25;   // then both are emptied
constexpr std::size_t kToldMax = 15;  // of the commands before a difference

// Words of answers, of each of which there must be some.
constexpr const char* kToBeHeard[] = {
    "-LEASELOST",   "-WRONGTYPE",   "-NOSCRIPT",    "-NOGROUP",         "-BUSYGROUP",
    "-ERR",         "\"there\" :0", "\"there\" :1", "\"stopped\" [",    "[\"gone\"]",
    "\"on\" \"q\"", "\"on\" \"d\"", "[[:-2",        "{0=\"four",        "\" :2] [@",
    "-EXECABORT",   "\" :3] [@",    "[[[@",         "equal or smaller", "-CODEGONE",
    "\"row 1",      ":now\"",
};

// Two that were empty, and are asked the same.
class Life {
 public:
  Life(const redis::RedisServer& server, std::uint64_t seed, std::map<std::string, int>& heard)
      : seed_(seed),
        heard_(heard),
        commands_(Rng::seeded(seed)),
        real_(server.socket()),
        stand_in_(Rng::seeded(seed).fork("clock")) {
    std::vector<Words> first = {{"SET", "t:incarnation", "1"}};
    for (const redis::Script* script : redis::scripts().all()) {
      first.push_back({"SCRIPT", "LOAD", std::string(script->text())});
    }
    for (const redis::Script* script :
         {&shared_registry::beat_script(), &shared_registry::commit_script(), &share_script(),
          &charge_script()}) {
      first.push_back({"SCRIPT", "LOAD", std::string(script->text())});
    }
    compare(first);
  }

  [[nodiscard]] std::size_t compared() const { return compared_; }
  void live() {
    for (int i = 0; i < kBatchesOfALife && !testing::Test::HasFailure(); ++i) {
      compare(drawn());
      if (!testing::Test::HasFailure()) compare(RandomCommands::probes());
    }
  }

 private:
  std::vector<Words> drawn() {
    std::vector<Words> batch;
    while (batch.size() < kBatch || commands_.within_transaction()) {
      batch.push_back(commands_.next(std::min(real_.ids(0), real_.ids(1))));
      if (may_end_a_stream(batch.back())) break;
    }
    return batch;
  }

  void compare(const std::vector<Words>& batch) {
    const std::vector<std::string> expected = real_.ask(batch);
    const std::vector<std::string> told = stand_in_.ask(batch);
    if (may_end_a_stream(batch.back())) {
      real_.pass_time();
      stand_in_.pass_time();
    }
    for (std::size_t i = 0; i < batch.size(); ++i) {
      asked_.push_back(batch[i]);
      ++compared_;
      note(told[i]);
      if (expected[i] == told[i]) continue;
      ADD_FAILURE() << "seed " << seed_ << "\nRedis:    " << printable(expected[i])
                    << "\nstand-in: " << printable(told[i]) << "\nafter:\n"
                    << last_asked();
      return;
    }
  }

  std::string last_asked() const {
    std::string all;
    for (std::size_t i = asked_.size() - std::min(kToldMax, asked_.size()); i < asked_.size();
         ++i) {
      for (const std::string& word : asked_[i]) all += " " + printable(word.substr(0, 100));
      all += "\n";
    }
    return all;
  }
  static std::string printable(std::string text) {
    std::replace_if(
        text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, '.');
    return text;
  }

  // That the worlds drawn are rich enough to compare much.
  void note(const std::string& answer) {
    for (const char* what : kToBeHeard) {
      if (answer.find(what) != std::string::npos) ++heard_[what];
    }
  }

  const std::uint64_t seed_;
  std::map<std::string, int>& heard_;
  RandomCommands commands_;
  RealSide real_;
  StandInSide stand_in_;
  std::vector<Words> asked_;
  std::size_t compared_ = 0;
};

TEST(RedisStandIn, AnswersARandomCommandAsRedisDoes) {
  const redis::RedisServer server({"--appendonly", "no"});
  std::map<std::string, int> heard;
  std::size_t compared = 0;
  for (std::uint64_t seed = 1; compared < COMPARED_COMMANDS && !HasFailure(); ++seed) {
    Life life(server, seed, heard);
    life.live();
    compared += life.compared();
  }
  constexpr int kAtLeast = std::max(1, COMPARED_COMMANDS / 25'000);
  for (const char* what : kToBeHeard) EXPECT_GE(heard[what], kAtLeast) << what;
}

}  // namespace
}  // namespace convoke::stand_in
