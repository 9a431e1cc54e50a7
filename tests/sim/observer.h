// What can be seen of a simulated engine from outside, as it happens. Oracles judge by it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/model/function.h"
#include "core/model/ids.h"
#include "core/model/instant.h"
#include "core/registry/definitions.h"
#include "queue/history/history.h"
#include "queue/queue.h"
#include "workers/worker.h"

namespace convoke::sim {

class Engine;

struct Sent {
  CallId id;
  FunctionId function;  // that its path named when it was sent; 0: there was none
  bool asynchronous = false;
  Seconds delay{0};
};

struct Started {
  Attempt attempt;
  FunctionPtr function;
};

// One change of a definition, when it was committed and when it was answered.
struct Changed {
  FunctionId function;
  enum class What : std::uint8_t {
    kCreated,
    kConfigured,
    kUpdated,
    kDeleted,
    kLimit
  } what = What::kLimit;
  std::uint32_t limit = 0;     // kLimit; kUnlimited: lifted
  std::uint64_t revision = 0;  // kUpdated: the new one
  AsyncConfigPtr config;       // kConfigured
};

// How a store was asked to end a call.
struct End {
  End(Settlement how) : settlement(how) {}  // NOLINT: implicit on purpose
  explicit End(const Ending& ending);

  Settlement settlement;
  std::string destination_status;  // "": it has no destination
  bool has_event = false;          // so that the history can show it, though it has no name
  // What follows it.
  std::optional<CallId> successor;
  FunctionId successor_function;
  bool successor_is_there = false;  // known when it has ended
};

// Whose an attempt is, where engines share a server.
struct Holder {
  std::uint32_t engine = 0;
  std::uint64_t life = 0;  // of all engines' lives, which are numbered from 1
  std::uint64_t incarnation = 0;
};

// What was asked of a store to do with an attempt.
enum class Asked : std::uint8_t { kSettle, kPostpone, kGiveBack };

// An attempt's end, or a call's, where it is executed.
struct EndThere {
  CallId id;
  Asked what = Asked::kSettle;
  std::string by;      // which incarnation's; "": a stop
  std::string holder;  // by the server's books, at that moment; "": nobody
};

class Observer {
 public:
  virtual ~Observer() = default;
  // Callers.
  virtual void on_sent(const Sent&) {}
  virtual void on_called_on(const CallId& /*by*/, const Sent&) {}  // by that call's code, before
  virtual void on_answer(const CallId&, int /*status*/) {}
  virtual void on_closed(const CallId&) {}  // unanswered: its client has gone, or the engine has
  // The store.
  virtual void on_accept_asked(const NewCall&) {}
  virtual void on_accepted(const CallId&) {}
  virtual void on_claim_asked(FunctionId) {}
  virtual void on_claimed(const ClaimedCall&) {}
  virtual void on_settle_asked(const Receipt&, const End&) {}
  virtual void on_settled(const Receipt&, const End&) {}
  virtual void on_stale_used(const Receipt&, SettleResult) {}
  virtual void on_stop_answered(const CallId&, StopResult) {}
  // Instances.
  virtual void on_instance_started(const FunctionPtr&) {}
  virtual void on_instance_gone(const FunctionPtr&) {}
  virtual void on_started(const Started&) {}
  virtual void on_ended(const CallId&, const Reply&) {}
  // Users' URLs: one has got the record of that call, and says so if it answers.
  virtual void on_delivered(const CallId&, int /*status*/) {}
  // The history: somebody asks, and is shown it. `up_to_date`: all that was told before he asked.
  virtual void on_history_asked() {}
  virtual void on_history(const Engine&, history::History&, bool /*up_to_date*/) {}
  virtual void on_history_full() {}
  // The disk of the journals.
  virtual void on_disk_full() {}
  // The operator.
  virtual void on_committed(const Changed&) {}
  virtual void on_answered(const Changed&) {}
  // The engine as a whole.
  virtual void on_crash() {}
  virtual void on_drain() {}                              // it is being stopped with grace
  virtual void on_drained(std::size_t /*unanswered*/) {}  // all is quiet: it ends now
  virtual void on_restart(const Engine&) {}
  virtual void after_turn(const Engine&) {}
  virtual void at_end(const Engine&) {}
  virtual void at_rest(const std::string& /*left_over*/) {}  // "": nothing goes on any more
  // Engines that share a server.
  virtual void on_handed_out(const Holder&, const ClaimedCall&) {}
  virtual void on_end_asked(const Receipt&, Asked) {}
  virtual void on_end_written(const Receipt&, Asked) {}
  virtual void on_life_over(std::uint64_t /*life*/) {}  // its engine died
  virtual void on_taken_there(const CallId&) {}         // accepted by the server
  virtual void on_ended_there(const EndThere&) {}
  virtual void on_look() {}  // now and then: all may look at the server
};

// Tells all, in order.
class Observers {
 public:
  void add(Observer& observer) { all_.push_back(&observer); }
  template <class... Parameters, class... Arguments>
  void tell(void (Observer::*what)(Parameters...), Arguments&&... arguments) const {
    for (Observer* observer : all_) (observer->*what)(arguments...);
  }

 private:
  std::vector<Observer*> all_;
};

}  // namespace convoke::sim
