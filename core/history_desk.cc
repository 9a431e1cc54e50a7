#include "core/history_desk.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>

namespace convoke {
namespace {

std::size_t bytes_in(const history::Chapter& chapter) {
  std::size_t bytes = 0;
  for (const history::Fact& fact : chapter.facts) {
    if (const auto* accepted = std::get_if<history::Accepted>(&fact))
      bytes += accepted->event.size();
    if (const auto* finished = std::get_if<history::Finished>(&fact)) {
      bytes += finished->result.size();
    }
  }
  return bytes;
}

std::size_t facts_in(const std::vector<history::Chapter>& chapters) {
  std::size_t facts = 0;
  for (const history::Chapter& chapter : chapters) facts += chapter.facts.size();
  return facts;
}

Error name_in_use(const std::string& name) {
  return {ErrorCode::kCallAlreadyExists,
          "an invocation with the id '" + name + "' exists already; ids are kept with the history"};
}

Error cannot_be_written_now() {
  return {ErrorCode::kServiceUnavailable,
          "the history cannot be written just now, so no id can be given; its log says why",
          Seconds{1}};
}

}  // namespace

Result<void> HistoryDesk::forget_all_but(const std::vector<std::uint32_t>& existing) {
  for (const std::uint32_t journal : history_->journals()) {
    if (std::binary_search(existing.begin(), existing.end(), journal)) continue;
    spdlog::warn("journal {} is no longer there: what it held is not run, and it begins anew",
                 journal);
    if (auto forgotten = history_->forget(journal); !forgotten) return forgotten;
  }
  return {};
}

void HistoryDesk::open(std::vector<ShardDoor*> doors, IoThread& thread) {
  doors_ = std::move(doors);
  thread_ = &thread;
}

void HistoryDesk::run_soon(std::function<void()> job, std::function<void()> done) {
  doors_.front()->post(
      [this, job = std::move(job), done = std::move(done)] { thread_->run(job, done); });
}

void HistoryDesk::tell(history::Chapter chapter) {
  if (failed_) return;  // the journals keep it: it is told again at the next start
  const std::lock_guard lock(mutex_);
  lag_ += chapter.facts.size();
  lag_bytes_ += bytes_in(chapter);
  if (lag_ > bound_.facts_max || lag_bytes_ > bound_.bytes_max)
    return give_up("it is too far behind");
  told_.push_back(std::move(chapter));
  // Within the lock: no question that is asked after another shard's telling may pass this one.
  if (!std::exchange(scheduled_, true)) run_soon([this] { take_in(); }, [] {});
}

// For good: no later chapter may be taken in, or the mark would pass what was dropped.
void HistoryDesk::give_up(std::string_view why) {
  if (!failed_.exchange(true)) {
    spdlog::error("history: {}; no more is taken in until the engine is restarted", why);
  }
  told_.clear();
  lag_ = 0;
  lag_bytes_ = 0;
}

void HistoryDesk::take_in() {
  std::vector<history::Chapter> chapters;
  {
    const std::lock_guard lock(mutex_);
    chapters = std::exchange(told_, {});
    scheduled_ = false;
  }
  if (chapters.empty() || failed_) return;
  const std::size_t facts = facts_in(chapters);
  if (Result<void> applied = history_->apply(chapters); !applied) {
    return on_refused(std::move(chapters), applied.error());
  }
  stuck_ = false;
  lag_ -= facts;
  for (const history::Chapter& chapter : chapters) {
    lag_bytes_ -= bytes_in(chapter);
    free_reserved(chapter);
    ShardDoor* const door = doors_[chapter.journal % doors_.size()];
    door->post(
        [door, journal = chapter.journal, upto = chapter.upto] { door->on_taken(journal, upto); });
  }
}

// After a failure for good all is told again at the next start: the journals keep it.
void HistoryDesk::on_refused(std::vector<history::Chapter> chapters, const Error& why) {
  const std::lock_guard lock(mutex_);
  if (why.code != ErrorCode::kServiceUnavailable) return give_up(why.message);
  if (!stuck_.exchange(true)) spdlog::error("history: {}; trying again", why.message);
  told_.insert(told_.begin(), std::make_move_iterator(chapters.begin()),
               std::make_move_iterator(chapters.end()));
  scheduled_ = true;  // until retry()
}

void HistoryDesk::retry() {
  if (!stuck_) return;
  run_soon([this] { take_in(); }, [] {});
}

void HistoryDesk::free_reserved(const history::Chapter& chapter) {
  for (const history::Fact& fact : chapter.facts) {
    if (const auto* accepted = std::get_if<history::Accepted>(&fact)) {
      reserved_.erase(Name{accepted->function, accepted->name});
    }
  }
}

Result<void> HistoryDesk::keeps_up() const {
  if (failed_) {
    return Error{ErrorCode::kServiceUnavailable,
                 "the history cannot be written: calls with an id are refused until the engine is "
                 "restarted; its log says why"};
  }
  if (lag_ < bound_.facts_max / 2 && lag_bytes_ < bound_.bytes_max / 2) return {};
  return Error{ErrorCode::kResourceThrottled, "the history is too far behind; try again later",
               Seconds{1}};
}

void HistoryDesk::reserve(FunctionId function, std::string name, ShardIndex from,
                          Reserved reserved) {
  const auto result = std::make_shared<Result<void>>();
  ask(
      from,
      [this, name = Name{function, std::move(name)}, result](history::History& history) {
        if (stuck_) {  // what waits to be taken in may hold the name
          *result = cannot_be_written_now();
          return;
        }
        const auto in_use = history.name_in_use(name.first, name.second);
        if (!in_use) {
          *result = Error{ErrorCode::kServiceUnavailable, in_use.error().message};
        } else if (*in_use || !reserved_.insert(name).second) {
          *result = name_in_use(name.second);
        }
      },
      [result, reserved = std::move(reserved)] { reserved(std::move(*result)); });
}

void HistoryDesk::release(FunctionId function, std::string name) {
  run_soon([this, name = Name{function, std::move(name)}] { reserved_.erase(name); }, [] {});
}

void HistoryDesk::ask(ShardIndex from, Question question, std::function<void()> answered) {
  run_soon([this, question = std::move(question)] { question(*history_); },
           [this, from, answered = std::move(answered)] { doors_[from.value]->post(answered); });
}

// Asked of all shards: the one that has the call says what became of it.
struct HistoryDesk::Stop {
  ShardIndex from;
  Queue::Stopped stopped;
  std::atomic<std::size_t> to_hear;
  std::atomic<StopResult> result{StopResult::kUnknown};
};

void HistoryDesk::stop(FunctionId function, const CallId& id, ShardIndex from,
                       Queue::Stopped stopped) {
  const auto stop = std::make_shared<Stop>();
  stop->from = from;
  stop->stopped = std::move(stopped);
  stop->to_hear = doors_.size();
  for (ShardDoor* door : doors_) {
    door->post([this, stop, door, function, id] {
      door->stop_call(function, id, [this, stop](StopResult result) {
        if (result != StopResult::kUnknown) stop->result = result;
        if (--stop->to_hear > 0) return;
        doors_[stop->from.value]->post([stop] { stop->stopped(stop->result); });
      });
    });
  }
}

void HistoryDesk::find(const CallId& id, ShardIndex from, Found found) {
  find_at(0, id, from, std::move(found));
}

// One shard after the other: rare, and mostly for people.
void HistoryDesk::find_at(std::size_t shard, const CallId& id, ShardIndex from, Found found) {
  ShardDoor* const door = doors_[shard];
  door->post([this, shard, door, id, from, found = std::move(found)] {
    door->find_call(id,
                    [this, shard, id, from, found](const std::optional<CallPosition>& position) {
                      if (!position && shard + 1 < doors_.size())
                        return find_at(shard + 1, id, from, found);
                      doors_[from.value]->post([found, position] { found(position); });
                    });
  });
}

void HistoryDesk::collect(WallTime now) {
  const auto more = std::make_shared<bool>(false);
  run_soon(
      [this, now, more] {
        const auto collected = history_->collect(now);
        *more = collected && collected->more;
      },
      [this, now, more] {
        if (*more) collect(now);
      });
}

}  // namespace convoke
