#include "core/registry_desk.h"

#include <cstddef>
#include <utility>
#include <variant>

namespace convoke {

struct RegistryDesk::Tour {
  RegistryStep step;
  std::size_t to_visit;
  std::vector<std::string> in_use;
};

RegistryDesk::RegistryDesk(std::unique_ptr<RegistrySource> source, GateTable& gates, LogFiles& logs)
    : source_(std::move(source)), gates_(gates), logs_(logs) {}

void RegistryDesk::open(std::vector<ShardDoor*> doors, IoThread& thread,
                        std::function<void(Instant)> on_lease) {
  doors_ = std::move(doors);
  thread_ = &thread;
  on_lease_ = std::move(on_lease);
  for (const Change& change : source_->loaded()) {
    directory_.apply(change);
    set_gate(change);
  }
  for (ShardDoor* door : doors_) {
    for (const Change& change : source_->loaded()) door->apply(change);
  }
  source_->open(*this, thread);
}

void RegistryDesk::execute(Mutation mutation, WallTime now, ShardIndex from, Changed changed) {
  const auto asked = std::make_shared<Mutation>(std::move(mutation));
  doors_.front()->post([this, asked, now, from, changed = std::move(changed)] {
    source_->execute(std::move(*asked), now, [this, from, changed](const Result<Change>& result) {
      doors_[from.value]->post([changed, result] { changed(result); });
    });
  });
}

void RegistryDesk::on_step(RegistryStep step) {
  const auto tour = std::make_shared<Tour>(Tour{std::move(step), doors_.size(), {}});
  for (const Change& change : tour->step.changes) {
    directory_.apply(change);
    // Before any shard hears of it: from here on nothing starts beyond the new limit.
    set_gate(change);
  }
  for (ShardDoor* door : doors_) {
    door->post([this, tour, door] {
      for (const Change& change : tour->step.changes) door->apply(change);
      doors_.front()->post([this, tour, in_use = door->code_in_use()] { visited(tour, in_use); });
    });
  }
}

void RegistryDesk::visited(const std::shared_ptr<Tour>& tour, std::vector<std::string> in_use) {
  for (std::string& directory : in_use) tour->in_use.push_back(std::move(directory));
  if (--tour->to_visit > 0) return;
  source_->applied(tour->step.version);
  clean_up(tour->step, std::move(tour->in_use));
}

void RegistryDesk::set_gate(const Change& change) {
  FunctionId function;
  if (const auto* put = std::get_if<LimitPut>(&change.what)) {
    function = put->limit->function_id;
  } else if (const auto* gone = std::get_if<LimitGone>(&change.what)) {
    function = gone->function_id;
  } else {
    return;
  }
  const std::shared_ptr<Gate> gate = gates_.of(function);
  const std::uint32_t limit = directory_.limit_of(function).value_or(kUnlimited);
  if (limit_changed_) limit_changed_(function, gate->limit(), limit);
  gate->set_limit(limit);
}

// What the step has left behind on disk; nobody waits for it.
void RegistryDesk::clean_up(const RegistryStep& step, std::vector<std::string> in_use) {
  bool code_changed = false;
  std::vector<FunctionId> deleted;
  for (const Change& change : step.changes) {
    const auto* gone = std::get_if<FunctionGone>(&change.what);
    code_changed |= gone != nullptr || std::holds_alternative<FunctionPut>(change.what);
    if (gone != nullptr) deleted.push_back(gone->id);
  }
  if (code_changed) source_->collect_code(std::move(in_use));
  if (deleted.empty()) return;
  for (const FunctionId id : deleted) gates_.forget(id);
  thread_->run(
      [this, deleted = std::move(deleted)] {
        for (const FunctionId id : deleted) logs_.remove(id);
      },
      [] {});
}

void RegistryDesk::read_code(FunctionPtr function, ShardIndex from, Zip zip) {
  doors_.front()->post([this, function = std::move(function), from, zip = std::move(zip)] {
    source_->read_zip(function, [this, from, zip](Result<std::string> result) {
      const auto read = std::make_shared<Result<std::string>>(std::move(result));
      doors_[from.value]->post([read, zip] { zip(std::move(*read)); });
    });
  });
}

}  // namespace convoke
