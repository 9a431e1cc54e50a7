// What the outside world knows of every call: what was promised for it, and what became of it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "tests/sim/observer.h"

namespace convoke::sim {

struct Account {
  Sent sent;
  int answers = 0;
  int status = 0;       // of the answer
  bool closed = false;  // without one
  // Asynchronous ones.
  bool acknowledged = false;  // 202
  bool recovered = false;     // found when this life began: it must end, acknowledged or not
  std::uint32_t claims = 0;
  std::uint32_t good_ends = 0;    // attempts that ended well
  bool settle_asked = false;      // in this life
  std::uint32_t settled = 0;      // reported
  bool settled_by_crash = false;  // asked for, not reported, and gone from the store since
  bool lost = false;              // it had to end, and the store does not know it any more
  bool back = false;              // it had ended, and the store has it again
  std::optional<End> end;         // as asked for last, or as reported
  FunctionId function;            // that its name meant when it was to be accepted
  bool named = false;             // by a caller, or for one that waits: the history keeps it
  std::uint32_t delivered = 0;    // its record has got to a URL that says so
  std::optional<CallId> follows;  // the end of that call
  bool is_delivery = false;
  std::vector<CallId> successors;  // of each end that was asked for

  [[nodiscard]] bool must_end() const { return acknowledged || recovered; }
  // The store has had it: what is claimed was durable, though nobody may have been told so.
  [[nodiscard]] bool was_there() const { return must_end() || claims > 0; }
  [[nodiscard]] bool ended() const { return settled > 0 || settled_by_crash; }
};

class Ledger final : public Observer {
 public:
  [[nodiscard]] const std::map<CallId, Account>& calls() const { return calls_; }
  [[nodiscard]] std::map<CallId, Account>& calls() { return calls_; }
  [[nodiscard]] const Account* find(const CallId& id) const {
    const auto found = calls_.find(id);
    return found == calls_.end() ? nullptr : &found->second;
  }

  void on_sent(const Sent& sent) override { calls_[sent.id].sent = sent; }
  void on_answer(const CallId& id, int status) override {
    Account& call = calls_[id];
    ++call.answers;
    call.status = status;
    if (status == 202) call.acknowledged = true;
  }
  void on_closed(const CallId& id) override { calls_[id].closed = true; }
  void on_accept_asked(const NewCall& call) override {
    Account& accepting = calls_[call.id];
    accepting.function = call.function;
    accepting.named = !call.name.empty() && call.name.front() != kInternalName;
  }
  void on_claimed(const ClaimedCall& call) override { ++calls_[call.receipt.id].claims; }
  void on_ended(const CallId& id, const Reply& reply) override {
    if (!reply.system_error && reply.function_error == FunctionError::kNone) ++calls_[id].good_ends;
  }
  void on_settle_asked(const Receipt& receipt, const End& end) override;
  void on_settled(const Receipt& receipt, const End& end) override;
  void on_delivered(const CallId& id, int status) override;
  void on_restart(const Engine& engine) override;  // what the crash has made of each

  // Of that call's ends one is followed, or has been.
  [[nodiscard]] bool is_followed(const Account& call) const;

 private:
  std::map<CallId, Account> calls_;
};

}  // namespace convoke::sim
