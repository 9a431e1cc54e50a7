// An engine of a test, as the shared registry sees it: a directory instead of shards, which applies
// what it is told at once, or when the test says so. All of them live on one loop.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/loop/io_thread.h"
#include "core/loop/loop.h"
#include "core/loop/wires.h"
#include "core/registry/shared/scripts.h"
#include "core/registry/shared/shared_source.h"
#include "tests/loop/fixture.h"
#include "tests/redis_server.h"
#include "tests/registry/shared/losing_wires.h"
#include "tests/registry/temp_dir.h"
#include "tests/registry/zip_maker.h"

namespace convoke::shared_registry {

class FakeEngine final : public RegistryOwner {
 public:
  FakeEngine(Loop& loop, const redis::RedisServer& server, const std::string& name,
             Duration length = redis::kLeaseDefault)
      : loop_(loop) {
    options_.link.target = server.target();
    options_.link.name = name;
    options_.engine = name;
    options_.lease = length;
    options_.alarm = [this](std::string_view why) { alarms.emplace_back(why); };
  }
  ~FakeEngine() override { die(); }

  // Loads and serves.
  void start() {
    ASSERT_NO_FATAL_FAILURE(begin_loading());
    turn_until(loop_, [&] { return source_->loading().done(); });
    serve();
  }
  void begin_loading() {
    Result<CodeStore> code = CodeStore::open(state_.path());
    ASSERT_TRUE(code) << code.error().message;
    source_ = std::make_unique<SharedSource>(options_, *std::move(code),
                                             Rng::seeded(0).fork(options_.engine));
    thread_ = std::make_unique<LoopIoThread>(loop_);
    source_->begin_loading(world(), *thread_);
  }
  [[nodiscard]] const Loader& loading() const { return source_->loading(); }
  void serve() {
    source_->end_loading();
    for (const Change& change : source_->loaded()) directory.apply(change);
    source_->use(world());
    source_->open(*this, *thread_);
  }
  // Falls silent, without a word.
  void die() {
    if (source_) source_->close();
    thread_.reset();
    source_.reset();
    settle(loop_);
  }

  void leave() {
    bool left = false;
    source_->leave([&] { left = true; });
    turn_until(loop_, [&] { return left; });
  }

  void on_step(RegistryStep step) override {
    versions.push_back(step.version);
    steps_.push_back(std::move(step));
    if (!slow) apply_all();
  }
  void on_lease(Instant until) override { lease = until; }
  void apply_all() {
    while (!steps_.empty()) {
      const RegistryStep step = std::move(steps_.front());
      steps_.pop_front();
      for (const Change& change : step.changes) directory.apply(change);
      loop_.post([this, version = step.version] {
        if (source_) source_->applied(version);
      });
    }
  }

  // The answer to the next commit never comes, nor anything after it on that connection.
  void lose_next_answer() { wires_.lose_after = commit_script().sha1(); }
  // The next that is written with that text in it is the last that comes through.
  void lose_all_after(const std::string& text) {
    wires_.lose_after = text;
    wires_.lose_all = true;
  }
  // Answered into `answer`, later.
  using Answer = std::shared_ptr<std::optional<Result<Change>>>;
  Answer ask(Mutation mutation) {
    auto answer = std::make_shared<std::optional<Result<Change>>>();
    source_->execute(std::move(mutation), loop_.wall(),
                     [answer](Result<Change> result) { answer->emplace(std::move(result)); });
    return answer;
  }
  Result<Change> get(Mutation mutation) {
    const Answer answer = ask(std::move(mutation));
    turn_until(loop_, [&] { return answer->has_value(); });
    return answer->value_or(Result<Change>(Error{}));
  }
  // Which must be made; its version.
  std::uint64_t make(Mutation mutation) {
    const Result<Change> result = get(std::move(mutation));
    EXPECT_TRUE(result) << (result ? "" : result.error().message);
    return result ? result->version : 0;
  }
  // Who has not applied that version; "?" where it cannot be asked.
  std::vector<std::string> lacking(std::uint64_t version) {
    std::optional<std::vector<std::string>> names;
    source_->who_has_what([&](const std::optional<std::vector<EngineApplied>>& found) {
      names.emplace();
      if (!found) names->emplace_back("?");
      for (const EngineApplied& one : found.value_or(std::vector<EngineApplied>())) {
        if (one.version < version) names->push_back(one.name);
      }
    });
    turn_until(loop_, [&] { return names.has_value(); });
    return *names;
  }
  [[nodiscard]] bool has_lease() const { return loop_.now() < lease; }
  std::string zip_of(const FunctionPtr& function) {
    std::optional<Result<std::string>> zip;
    source_->read_zip(function, [&](Result<std::string> read) { zip.emplace(std::move(read)); });
    turn_until(loop_, [&] { return zip.has_value(); });
    return zip && zip->ok() ? **zip : "";
  }

  Directory directory;
  std::vector<std::uint64_t> versions;  // of steps, as they came
  std::vector<std::string> alarms;
  Instant lease{};
  bool slow = false;

 private:
  [[nodiscard]] redis::LinkWorld world() { return {wires_, loop_, loop_.timers()}; }

  Loop& loop_;
  LoopWires real_wires_{loop_};
  LosingWires wires_{real_wires_};
  TempDir state_;
  Options options_;
  std::unique_ptr<SharedSource> source_;
  std::unique_ptr<LoopIoThread> thread_;
  std::deque<RegistryStep> steps_;  // not yet applied
};

inline CreateFunction new_function(const std::string& name, const std::string& content) {
  FunctionFields fields;
  fields.runtime = "custom";
  fields.zip_base64 = to_base64(make_zip({{"bootstrap", content, kExecutableMode}}));
  return {"s", name, fields};
}

}  // namespace convoke::shared_registry
