#include <map>
#include <string>

#include "tests/sim/oracles.h"

namespace convoke::sim {
namespace {

const Destination* wanted(const AsyncConfig& config, Settlement settlement) {
  const bool failed = settlement == Settlement::kFailed || settlement == Settlement::kExpired;
  if (failed) return config.on_failure ? &*config.on_failure : nullptr;
  if (settlement != Settlement::kSucceeded) return nullptr;
  return config.on_success ? &*config.on_success : nullptr;
}

// A record may arrive more than once, and of an end that a crash undid; but it does arrive.
class DestinationReached final : public Observer {
 public:
  explicit DestinationReached(Court& court) : court_(court) {}

  void on_answered(const Changed& changed) override {
    if (changed.what == Changed::What::kConfigured) configs_[changed.function] = changed.config;
  }
  void on_committed(const Changed& changed) override {
    if (changed.what == Changed::What::kDeleted) configs_.erase(changed.function);
  }

  // What is to follow is decided by the config that holds when the end is asked for.
  void on_settle_asked(const Receipt& receipt, const End& end) override {
    const Account& call = *court_.ledger().find(receipt.id);
    const auto config = configs_.find(call.function);
    if (config == configs_.end() || wanted(*config->second, end.settlement) == nullptr) return;
    if (end.destination_status.empty()) red("has a destination, and ended without", receipt.id);
  }
  void on_settled(const Receipt& receipt, const End&) override {
    check_followed(receipt.id, *court_.ledger().find(receipt.id));
  }
  void on_restart(const Engine&) override {
    for (const auto& [id, call] : court_.ledger().calls()) {
      if (call.settled_by_crash) check_followed(id, call);
    }
  }
  void on_started(const Started& started) override {
    const Account* call = court_.ledger().find(started.attempt.id);
    if (call == nullptr || !call->follows) return;
    if (started.attempt.event->find(call->follows->text()) != std::string::npos) return;
    red("was called as a destination without its record", started.attempt.id);
  }
  void at_end(const Engine&) override {
    for (const auto& [id, call] : court_.ledger().calls()) {
      if (!call.ended() || !call.end->successor) continue;
      if (!has_reached(call)) red("has not reached its destination", id);
    }
  }

 private:
  void check_followed(const CallId& id, const Account& call) {
    const bool ends_in_more = call.end->successor.has_value();
    if (ends_in_more && !court_.ledger().is_followed(call)) red("ended without what follows", id);
  }
  // A delivery that was given up has ended so.
  [[nodiscard]] bool has_reached(const Account& call) const {
    bool ended = false;
    bool given_up = false;
    for (const CallId& successor : call.successors) {
      const Account& next = *court_.ledger().find(successor);
      ended |= next.ended();
      given_up |= next.ended() && next.end->settlement != Settlement::kSucceeded;
      if (!next.is_delivery && next.ended()) return true;
    }
    return ended && (call.delivered > 0 || given_up);
  }
  void red(const char* what, const CallId& id) {
    court_.red("I14", "a call " + (what + (": " + id.text())));
  }
  Court& court_;
  std::map<FunctionId, AsyncConfigPtr> configs_;
};

}  // namespace

std::unique_ptr<Observer> destination_reached(Court& court) {
  return std::make_unique<DestinationReached>(court);
}

}  // namespace convoke::sim
