#include <fmt/format.h>

#include <map>
#include <set>

#include "tests/sim/oracles.h"

namespace convoke::sim {
namespace {

class NoStartAfterTheAnswer final : public Observer {
 public:
  explicit NoStartAfterTheAnswer(Court& court) : court_(court) {}

  void on_committed(const Changed& changed) override {
    if (changed.what == Changed::What::kLimit && changed.limit > 0) killed_.erase(changed.function);
  }
  void on_answered(const Changed& changed) override {
    if (changed.what == Changed::What::kLimit && changed.limit == 0) {
      killed_.insert(changed.function);
    } else if (changed.what == Changed::What::kDeleted) {
      deleted_.insert(changed.function);
    } else if (changed.what == Changed::What::kUpdated) {
      revisions_[changed.function] = changed.revision;
    }
  }
  void on_stop_answered(const CallId& id, StopResult result) override {
    if (result == StopResult::kStopped) stopped_.insert(id);
  }
  void on_started(const Started& started) override {
    if (stopped_.count(started.attempt.id) > 0) red("after its stop was answered", started);
    const FunctionId function = started.function->id;
    if (killed_.count(function) > 0) red("after its kill switch was answered", started);
    if (deleted_.count(function) > 0) red("after its deletion was answered", started);
    const auto updated = revisions_.find(function);
    if (updated != revisions_.end() && started.function->revision < updated->second) {
      red("on old code after its update was answered", started);
    }
  }

 private:
  void red(const char* what, const Started& started) {
    court_.red("I5", fmt::format("a call of function {} started {}: {}", started.function->id.value,
                                 what, started.attempt.id.text()));
  }
  Court& court_;
  std::set<FunctionId> killed_;
  std::set<FunctionId> deleted_;
  std::set<CallId> stopped_;
  std::map<FunctionId, std::uint64_t> revisions_;
};

}  // namespace

std::unique_ptr<Observer> no_start_after_the_answer(Court& court) {
  return std::make_unique<NoStartAfterTheAnswer>(court);
}

}  // namespace convoke::sim
