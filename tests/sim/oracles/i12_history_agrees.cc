#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/sim/oracles.h"

namespace convoke::sim {
namespace {

constexpr std::size_t kAskedAbout = 6;  // calls, of one question: each costs a look into SQLite

CallState state_after(Settlement settlement) {
  constexpr std::array<CallState, 5> kStates = {CallState::kSucceeded, CallState::kFailed,
                                                CallState::kStopped, CallState::kExpired,
                                                CallState::kInvalid};
  return kStates.at(static_cast<std::size_t>(settlement));
}

// What was known of a call when the history was asked about it must be shown.
struct Known {
  CallId id;
  bool shown = false;
  bool hidden = false;                   // it has ended, and the history keeps nothing of it
  std::optional<Settlement> settlement;  // it has ended so
};

class HistoryAgrees final : public Observer {
 public:
  explicit HistoryAgrees(Court& court) : court_(court) {}

  void on_accept_asked(const NewCall& call) override {
    if (!call.name.empty()) names_[call.id] = {call.function, call.name};
  }
  void on_accepted(const CallId& id) override {
    const auto name = names_.find(id);
    if (name == names_.end() || name->second.second.front() == kInternalName) return;
    if (!in_use_.emplace(name->second, id).second && !forgets_)
      red("has a name that was in use", id);
  }

  void on_history_asked() override { questions_.push_back(some()); }
  void on_history(const Engine& engine, history::History& history, bool up_to_date) override {
    const std::vector<Known> asked = std::move(questions_.front());
    questions_.pop_front();
    if (up_to_date) {
      for (const Known& known : asked) check(engine, history, known);
    } else if (!may_lag_) {
      court_.red("I12", "a question was answered without all that was told before it");
    }
  }
  // On a full disk a journal leaves out what a record says for the history alone (writer.h): it is
  // told of all the same, but no more after a crash.
  void on_disk_full() override { disk_was_full_ = true; }
  void on_crash() override {
    questions_.clear();
    forgets_ = disk_was_full_;
  }
  void after_turn(const Engine& engine) override {
    const auto keeps_up = engine.history_keeps_up();
    if (!keeps_up) court_.red("I12", "the history has given up: " + keeps_up.error().message);
  }
  void on_history_full() override { may_lag_ = true; }

  void at_end(const Engine& engine) override {
    for (const auto& [id, call] : court_.ledger().calls()) {
      check(engine, engine.history(), known(id, call));
      check_destination(engine.history(), id, call);
    }
  }

 private:
  static Known known(const CallId& id, const Account& call) {
    Known known;
    known.id = id;
    known.shown =
        call.named ? call.must_end() || call.settled > 0 : call.settled > 0 && call.end->has_event;
    known.hidden = !call.named && call.settled > 0 && !call.end->has_event;
    if (call.settled > 0) known.settlement = call.end->settlement;
    return known;
  }

  // A few calls in a row, beginning with any.
  std::vector<Known> some() {
    std::vector<Known> asked;
    const auto& calls = court_.ledger().calls();
    auto at = calls.empty() ? calls.begin() : calls.lower_bound(last_asked_);
    for (std::size_t i = 0; i < std::min(kAskedAbout, calls.size()); ++i) {
      if (at == calls.end()) at = calls.begin();
      asked.push_back(known(at->first, at->second));
      ++at;
    }
    last_asked_ = at == calls.end() ? CallId{} : at->first;
    return asked;
  }

  void check(const Engine& engine, history::History& history, const Known& known) {
    const auto record = history.get(known.id, history::Payload::kWithout);
    if (!record) return court_.red("I12", "the history cannot be read: " + record.error().message);
    if (known.shown && !*record && !forgets_) return red("is not in the history", known.id);
    if (known.hidden && *record) return red("is in the history, and should not be", known.id);
    if (!*record) return;
    const CallState state = (*record)->state;
    if (known.settlement && !forgets_ && state != state_after(*known.settlement)) {
      red(fmt::format("ended as {}, and is shown as {}", name_of(state_after(*known.settlement)),
                      name_of(state)),
          known.id);
    }
    if (engine.holds(known.id) && has_ended(state)) red("is shown as ended and waits", known.id);
  }

  // What became of its delivery stands with the call.
  void check_destination(history::History& history, const CallId& id, const Account& call) {
    const auto record = history.get(id, history::Payload::kWithout);
    if (!record || !*record || call.settled == 0 || forgets_) return;
    const std::string& status = (*record)->destination_status;
    // The record of an end that a crash undid may arrive all the same.
    const bool may_have_one = !call.end->destination_status.empty() || !call.successors.empty();
    if (may_have_one ? !call.end->destination_status.empty() && status.empty() : !status.empty()) {
      red("has another destination status than it ended with: '" + status + "'", id);
    }
    if (status == "Pending") red("waits for its delivery for ever", id);
    if (call.end->destination_status != "Pending") return;
    const bool succeeded = status == "Succeeded";
    if (succeeded && call.delivered == 0) red("is said to be delivered, and nobody has it", id);
  }

  void red(const std::string& what, const CallId& id) {
    court_.red("I12", fmt::format("a call {}: {}", what, id.text()));
  }

  using Name = std::pair<FunctionId, std::string>;
  Court& court_;
  std::map<CallId, Name> names_;
  std::map<Name, CallId> in_use_;
  std::deque<std::vector<Known>> questions_;
  CallId last_asked_;
  bool may_lag_ = false;
  bool disk_was_full_ = false;
  bool forgets_ = false;
};

}  // namespace

std::unique_ptr<Observer> history_agrees(Court& court) {
  return std::make_unique<HistoryAgrees>(court);
}

}  // namespace convoke::sim
