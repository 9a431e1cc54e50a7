#include "core/registry_desk.h"

#include <optional>
#include <utility>
#include <variant>

namespace convoke {

struct RegistryDesk::Tour {
  Change change;
  ShardIndex from;
  Changed changed;
  std::size_t to_visit;
  std::vector<std::string> in_use;
};

RegistryDesk::RegistryDesk(std::unique_ptr<Registry> registry, GateTable& gates, LogFiles& logs)
    : registry_(std::move(registry)), gates_(gates), logs_(logs) {}

void RegistryDesk::open(std::vector<ShardDoor*> doors, IoThread& thread) {
  doors_ = std::move(doors);
  thread_ = &thread;
  for (const Change& change : registry_->loaded()) {
    directory_.apply(change);
    set_gate(change);
  }
  for (ShardDoor* door : doors_) {
    for (const Change& change : registry_->loaded()) door->apply(change);
  }
}

void RegistryDesk::execute(Mutation mutation, WallTime now, ShardIndex from, Changed changed) {
  const auto asked = std::make_shared<const Mutation>(std::move(mutation));
  doors_.front()->post([this, asked, now, from, changed = std::move(changed)] {
    const auto result = std::make_shared<std::optional<Result<Change>>>();
    thread_->run([this, asked, now, result] { *result = registry_->execute(*asked, now); },
                 [this, result, from, changed] { committed(*std::move(*result), from, changed); });
  });
}

void RegistryDesk::committed(Result<Change> result, ShardIndex from, const Changed& changed) {
  if (!result) {
    return doors_[from.value]->post(
        [changed, error = std::move(result).error()] { changed(error); });
  }
  const auto tour =
      std::make_shared<Tour>(Tour{*std::move(result), from, changed, doors_.size(), {}});
  directory_.apply(tour->change);
  // Before any shard hears of it: from here on nothing starts beyond the new limit.
  set_gate(tour->change);
  for (ShardDoor* door : doors_) {
    door->post([this, tour, door] {
      door->apply(tour->change);
      doors_.front()->post([this, tour, in_use = door->code_in_use()] { visited(tour, in_use); });
    });
  }
}

void RegistryDesk::visited(const std::shared_ptr<Tour>& tour, std::vector<std::string> in_use) {
  for (std::string& directory : in_use) tour->in_use.push_back(std::move(directory));
  if (--tour->to_visit > 0) return;
  doors_[tour->from.value]->post([tour] { tour->changed(tour->change); });
  clean_up(tour->change, std::move(tour->in_use));
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
  gates_.of(function)->set_limit(directory_.limit_of(function).value_or(kUnlimited));
}

// What the change has left behind on disk; nobody waits for it.
void RegistryDesk::clean_up(const Change& change, std::vector<std::string> in_use) {
  const auto* gone = std::get_if<FunctionGone>(&change.what);
  if (gone == nullptr && !std::holds_alternative<FunctionPut>(change.what)) return;
  std::optional<FunctionId> deleted;
  if (gone != nullptr) {
    deleted = gone->id;
    gates_.forget(gone->id);
  }
  thread_->run(
      [this, deleted, in_use = std::move(in_use)] {
        registry_->collect_code(in_use);
        if (deleted) logs_.remove(*deleted);
      },
      [] {});
}

void RegistryDesk::read_code(FunctionPtr function, ShardIndex from, Zip zip) {
  doors_.front()->post([this, function = std::move(function), from, zip = std::move(zip)] {
    const auto result = std::make_shared<std::optional<Result<std::string>>>();
    thread_->run([this, function, result] { *result = registry_->read_zip(*function); },
                 [this, result, from, zip] {
                   doors_[from.value]->post([result, zip] { zip(*std::move(*result)); });
                 });
  });
}

}  // namespace convoke
