#include <set>

#include "tests/sim/shared/oracles.h"

namespace convoke::sim::shared {
namespace {

class AcceptedLiesThere final : public Observer {
 public:
  explicit AcceptedLiesThere(const Evidence& evidence) : evidence_(evidence) {}

  void on_taken_there(const CallId& id) override { taken_.insert(id); }
  void on_ended_there(const EndThere& end) override {
    if (end.what != Asked::kSettle) return;
    taken_.erase(end.id);
    ended_.insert(end.id);
  }
  void on_accepted(const CallId& id) override { check(id); }
  void on_answer(const CallId& id, int status) override {
    if (status == 202) check(id);
  }
  void on_look() override {
    const std::set<CallId> there = evidence_.books.calls();
    for (const CallId& id : taken_) {
      if (there.count(id) == 0) red("is lost", id);
    }
    for (const CallId& id : there) {
      if (ended_.count(id) > 0) red("lies there after its end", id);
      if (taken_.count(id) == 0) red("lies there that nobody has accepted", id);
    }
  }

 private:
  void check(const CallId& id) {
    if (taken_.count(id) == 0 && ended_.count(id) == 0) {
      red("was acknowledged that the server does not have", id);
    }
  }
  void red(const char* what, const CallId& id) {
    evidence_.court.red("I1", "a call " + (what + (": " + id.text())));
  }

  const Evidence evidence_;
  std::set<CallId> taken_;  // and not ended
  std::set<CallId> ended_;
};

}  // namespace

std::unique_ptr<Observer> accepted_lies_there(const Evidence& evidence) {
  return std::make_unique<AcceptedLiesThere>(evidence);
}

}  // namespace convoke::sim::shared
