// A queue with its history: the journal with SQLite behind it, and the store on Redis, which keeps
// it itself. What the suite of archives needs of either.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "queue/history/history_archive.h"
#include "queue/history/sink.h"
#include "tests/queue/journal_world.h"
#include "tests/queue/redis_world.h"
#include "tests/registry/temp_dir.h"

namespace convoke::fake {

class ArchiveSide {
 public:
  virtual ~ArchiveSide() = default;
  [[nodiscard]] virtual StoreHarness& world() = 0;
  [[nodiscard]] virtual history::Archive& archive() = 0;
  // What was asked of the queue is done, and the history knows of it.
  virtual void settle() = 0;
  // The engine dies, and another takes its calls over.
  virtual void crash() = 0;
  // With the name, if it is free.
  virtual Result<void> accept(NewCall call) = 0;
  // What ended that long ago or longer is removed.
  virtual void collect(Millis after_end) = 0;

  template <class T>
  Result<T> answered(const std::function<void(history::Archive::Answer<T>)>& question) {
    settle();
    std::optional<Result<T>> answer;
    question([&answer](Result<T> result) { answer = std::move(result); });
    ENSURE(!answer.has_value() || answers_at_once());
    settle();
    ENSURE(answer.has_value());
    return *std::move(answer);
  }

 private:
  [[nodiscard]] virtual bool answers_at_once() const = 0;
};

class SqliteSide final : public ArchiveSide, private history::Sink {
 public:
  SqliteSide()
      : history_(open()),
        world_(options()),
        archive_([this](const auto& question, const auto& answered) {
          question(*history_);
          answered();
        }) {}

  [[nodiscard]] StoreHarness& world() override { return world_; }
  [[nodiscard]] history::Archive& archive() override { return archive_; }
  void settle() override {
    world_.settle();
    while (!told_.empty()) {
      const std::vector<history::Chapter> chapters = std::exchange(told_, {});
      ENSURE(history_->apply(chapters).ok());
      for (const history::Chapter& chapter : chapters) {
        world_.store().on_taken(chapter.journal, chapter.upto);
      }
      world_.settle();
    }
  }
  void crash() override {
    settle();
    history_.reset();
    history_ = open();
    world_.marks[0] = history_->mark_of(0);
    world_.crash();
    world_.store().tell_recovered();
    settle();
  }
  Result<void> accept(NewCall call) override {
    settle();
    if (has_history(call.name) && *history_->name_in_use(call.function, call.name)) {
      return Error{ErrorCode::kCallAlreadyExists, "exists", std::nullopt};
    }
    return world_.accept(std::move(call));
  }
  void collect(Millis after_end) override {
    settle();
    const WallTime now = world_.clock.wall() + history::Options{}.retention - after_end;
    ENSURE(history_->collect(now).ok());
  }

 private:
  void tell(history::Chapter chapter) override { told_.push_back(std::move(chapter)); }
  [[nodiscard]] bool answers_at_once() const override { return true; }
  std::unique_ptr<history::History> open() {
    return *history::History::open(directory_ / "history.db");
  }
  journal::Options options() {
    journal::Options options = JournalWorld::small();
    options.history = this;
    return options;
  }

  TempDir directory_;
  std::unique_ptr<history::History> history_;
  std::vector<history::Chapter> told_;
  JournalWorld world_;
  history::HistoryArchive archive_;
};

class RedisSide final : public ArchiveSide {
 public:
  [[nodiscard]] StoreHarness& world() override { return world_; }
  [[nodiscard]] history::Archive& archive() override { return world_.store().archive(); }
  void settle() override { world_.settle(); }
  void crash() override { world_.crash(); }
  Result<void> accept(NewCall call) override { return world_.accept(std::move(call)); }
  void collect(Millis after_end) override {
    RedisWorld::server().ask({"DEL", world_.prefix() + ":collected"});
    const WallTime now = world_.clock.wall() + redis::Retention{}.after_end - after_end;
    world_.store().archive().collect(now);
    settle();
  }

 private:
  [[nodiscard]] bool answers_at_once() const override { return false; }

  RedisWorld world_{Limits{}};
};

}  // namespace convoke::fake
