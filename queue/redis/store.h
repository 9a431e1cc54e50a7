// The store on Redis: the queue contract of one shard, over one connection, or one to each master
// of a cluster.
//
// A function's ready calls are a stream, its delayed ones a sorted set (SCHEMA.md). What a turn
// asks of a function goes out as one call of a script for each kind: accept, finish, claim. A lease
// belongs to this store's incarnation (membership.h), and each script that ends attempts compares
// it once: what another engine has taken over cannot be ended here.
//
// While the server cannot be reached: accepts are refused (503), claims give nothing, and ends wait
// for as long as the lease holds. Then all that is held is void: ends answer kStoreFailed, and the
// calls run again, here or elsewhere. An accept whose answer was lost may have been taken after
// all. So may one that too few replicas have, where that is asked for (replicas.h): accepts then go
// over a connection of their own.
//
// What the history keeps of named and of failed calls is written by the same scripts, so that it
// cannot say otherwise than the queue (records.lua); archive() answers questions about it. A name
// of a caller's is in use for as long as the record of its call is kept.
//
// counts() is what the server last said. find() knows what is held here; seek() looks for the rest.
//
// Owner and thread: one shard. The world and the listener outlive it. It must not be destroyed from
// inside one of its own callbacks. Nothing blocks.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/edge/rng.h"
#include "queue/answers.h"
#include "queue/queue.h"
#include "queue/redis/apart.h"
#include "queue/redis/archive.h"
#include "queue/redis/connection.h"
#include "queue/redis/durability.h"
#include "queue/redis/event_carrier.h"
#include "queue/redis/held.h"
#include "queue/redis/keys.h"
#include "queue/redis/line.h"
#include "queue/redis/membership.h"
#include "queue/redis/replicas.h"
#include "queue/redis/scripts.h"
#include "queue/redis/stops.h"
#include "queue/redis/subscription.h"
#include "queue/redis/verdict.h"
#include "queue/redis/wake_ups.h"

namespace convoke::redis {

struct Options {
  LinkOptions link;
  PipelineLimits pipeline;
  std::string prefix{kPrefixDefault};
  Duration lease = kLeaseDefault;              // see lease.h
  Durability durability = Durability::kFsync;  // else 503
  std::optional<Duration> silence_max;         // dead_after() unless given
  std::vector<std::uint64_t> predecessors;     // see MembershipOptions
  std::size_t event_bytes_max = 32UL << 20;    // beyond: EntityTooLarge
  ApartRules apart;                            // of events that are large
  std::uint64_t depth_max = 1'000'000;         // unsettled calls, in all that are known here
  // And of one function; where engines share it, to within what they accept before they hear of
  // each other (plain_accepts.cc).
  std::uint64_t depth_per_function_max = 1'000'000;
  // A step forwards of the wall clock is noticed within this, while anything is delayed.
  Duration wall_check_every = Seconds{1};
  // What was given back and is not claimed again within this goes to whoever has room.
  Duration returned_max = Seconds{1};
  Retention retention;                                                    // of the history
  std::function<void(std::string_view)> alarm = [](std::string_view) {};  // for the operator
  // Until when what is claimed here may be begun; said anew each time that it moves, or is void.
  std::function<void(Instant)> leased = [](Instant) {};
  // Has begun to live under that number: to be remembered for `predecessors` of the next life.
  std::function<void(std::uint64_t)> entered = [](std::uint64_t) {};
};

// Why a call was not taken, or may not have been.
[[nodiscard]] Error refusal_of(const Answer& answer);

class RedisStore final : public Queue,
                         private ConnectionOwner,
                         private MembershipOwner,
                         private ReplicasOwner,
                         private WakeUpsOwner,
                         private StopsOwner,
                         private SubscriptionOwner {
 public:
  // Connects at once; until it has, and has a lease, health() says why not.
  RedisStore(Options options, const LinkWorld& world, Rng rng, QueueListener& listener);
  ~RedisStore() override;

  void accept(NewCall call, Accepted accepted) override;
  void claim(FunctionId function, std::size_t max) override;
  void settle(const Receipt& receipt, Ending ending, Settled settled) override;
  void postpone(const Receipt& receipt, WallTime due, Spends spends, AttemptReport report,
                Settled settled) override;
  void give_back(const Receipt& receipt) override;
  void note_started(const Receipt& receipt, WallTime at, const std::string& instance_id) override;
  void stop(FunctionId function, const CallId& id, Stopped stopped) override;
  void submit() override;
  [[nodiscard]] std::optional<WallTime> oldest_ready(FunctionId function) const override;
  [[nodiscard]] std::optional<CallPosition> find(const CallId& id) const override;
  [[nodiscard]] QueueCounts counts(FunctionId function) const override;
  [[nodiscard]] QueueCounts counts() const override;
  [[nodiscard]] Result<void> health() const override;

  // Where an unsettled call stands, on any engine. nullopt: nowhere, or the server did not say.
  // Looks through the function's calls, kSeekStep at a time.
  using Found = std::function<void(const std::optional<CallPosition>&)>;
  void seek(FunctionId function, const CallId& id, Found found);
  // Where it stands in its queue, for one that is known to be in it: no further than anybody counts
  // (CallPosition::ahead); what is told of one beyond is that alone.
  void seek_place(FunctionId function, const CallId& id, Found found);
  // Asks how these stand: then counts() of each is of now. Answered also when the server is not
  // there.
  void ask_counts(const std::vector<FunctionId>& functions, std::function<void()> asked);
  // Those that have ever had a call; none if the server does not say.
  void list_functions(std::function<void(std::vector<FunctionId>)> listed);

  // Of all engines' calls. Its questions leave with this turn's work, by submit().
  [[nodiscard]] RedisArchive& archive() { return archive_; }

  // Nothing is on its way to the server or from it, and nothing waits for it.
  [[nodiscard]] bool at_rest() const;
  [[nodiscard]] std::uint64_t incarnation() const { return membership_.incarnation(); }

 private:
  enum class Limits : std::uint8_t { kHold, kLifted };
  struct Seeking;
  struct Taken {  // but not acknowledged: replicas are waited for
    std::vector<Accepting> calls;
    std::vector<std::int64_t> outcomes;
  };
  struct Handing;  // out, to the listener: events that lie apart are fetched first
  struct Claim {
    bool asked = true;            // by the listener, who is answered
    std::uint64_t lease = 0;      // of this incarnation
    std::vector<StreamId> again;  // of those that were given back
    bool fresh = false;           // and others were asked for
    std::size_t max = 0;          // of those, where no script hands them out
  };

  void on_server(Connection& server) override;
  void on_gone(const Connection& server) override;
  void on_ready() override;
  void on_lost(const Error& why) override;
  void on_entered() override;
  void on_lease_lost(const std::string& why) override;
  void on_renewed() override;
  [[nodiscard]] std::vector<FunctionId> busy_elsewhere();
  void ask_settings(Connection& server);
  [[nodiscard]] const Error* unfit() const;  // nullptr: all servers are as they must be
  void on_retired(FunctionId function, const Stand& stand) override;
  void on_waiting(FunctionId function) override;
  void on_stop_asked(FunctionId function, const CallId& id) override;
  void look_again(FunctionId function, const CallId& id) override;
  void on_subscribed() override { wake_ups_.poll(); }
  void on_message(std::string_view channel, std::string_view payload) override;
  void discover(const std::vector<FunctionId>& functions);

  [[nodiscard]] Line& line_of(FunctionId function);
  [[nodiscard]] const Line* find_line(FunctionId function) const;
  void asks(Line& line);
  void submit(Line& line);
  // Whether that is done; else it is on its way, and the line asks again when it is.
  [[nodiscard]] bool announced(Line& line);
  [[nodiscard]] bool joined(Line& line);
  void announce(Line& line);
  void join(Line& line);
  void send(const Script& script, Command call, Pipeline::Handler handler);

  // Accepting (accepts.cc).
  void accept(NewCall call, Limits limits, Accepted accepted);
  [[nodiscard]] std::optional<Error> refusal(const NewCall& call, Limits limits) const;
  void accept(Line& line, Accepting accepting);
  void accept_when_uploaded(Line& line, NewCall call, Accepting accepting);
  [[nodiscard]] std::vector<Accepting> take_accepting(Line& line);
  void submit_accepts(Line& line);
  [[nodiscard]] Command accept_call(const Line& line, const std::vector<Accepting>& calls) const;
  void submit_to_script(Line& line, std::vector<Accepting> calls);
  void on_accepts(Line& line, std::vector<Accepting> calls, const Answer& answer);
  void on_taken(Line& line, std::vector<Accepting> calls, Taken taken, const Stand& stand);
  // `short_of`: why those that were taken are refused all the same.
  void acknowledge(Taken& taken, const std::optional<Error>& short_of) const;
  void refuse_accepts(std::vector<Accepting> calls, const Error& why);
  // Where no script is needed (plain_accepts.cc).
  [[nodiscard]] bool goes_plainly(const Line& line, const std::vector<Accepting>& calls) const;
  void submit_plainly(Line& line, std::vector<Accepting> calls);
  void on_plain_accepts(Line& line, std::vector<Accepting> calls, const Answer& answer);
  // Where replicas are waited for (replicated_accepts.cc).
  void submit_to_replicas(Line& line);
  void wait_for_replicas(Line& line, Taken taken);
  void on_replicated(std::optional<std::uint64_t> replicas) override;
  void on_shut(const Error& why) override;

  // Claiming (claims.cc).
  void submit_claims(Line& line);
  void submit_claim(Line& line, std::size_t max, bool asked);
  void on_claimed(Line& line, const Claim& claim, const Answer& answer);
  void on_claim(Line& line, const Claim& claim, Said what,
                const std::function<void(Handing&)>& take);
  void claimed(Handing& handing, const Claim& claim, const Reply& told, const Reply& accepted);
  void claimed(Handing& handing, std::string_view at, std::string_view bytes,
               std::uint32_t deliveries);
  [[nodiscard]] ClaimedCall hold(Line& line, const StreamId& place, const Entry& entry,
                                 std::uint32_t deliveries);
  // Where no script hands them out (plain_claims.cc).
  [[nodiscard]] bool claims_plainly(const Line& line, std::size_t max) const;
  void submit_plain_claim(Line& line, std::size_t max);
  void on_plain_claim(Line& line, const Claim& claim, const Answer& answer);
  void plainly_claimed(Handing& handing, const Claim& claim, const Reply& answer);
  void claim_by_script(Line& line, const Claim& claim);
  void count_claimed(Line& line, std::uint64_t lease);
  // Where events lie apart (fetching.cc).
  void hand_out(std::shared_ptr<Handing> handing);
  void fetched(const std::shared_ptr<Handing>& handing, Fetched what, std::string event);
  void reconcile(Line& line);
  void look(Line& line);
  void refuse_claims(Line& line);
  void heard(Line& line, const Stand& stand);
  void arm_due_timer();
  void on_due();

  // Ending (ends.cc).
  void settle_after(NewCall successor, const Receipt& receipt, Ending ending, Settled settled);
  void accept_successor(NewCall successor, const Receipt& receipt, std::shared_ptr<Ending> kept,
                        Settled settled);
  void finish(Held& held, Finishing finishing);
  void keep(Finishing& end, const Held& held, Ending ending) const;
  void submit_finishes(Line& line);
  void submit_finishes(Line& line, std::vector<Finishing> ends, bool kept);
  void note(const Held& held);
  void note_stopping(const CallId& id);
  void submit_notes(Line& line);
  void on_finished(Line& line, std::vector<Finishing> ends, std::uint64_t lease,
                   const Answer& answer);
  void finish_later(const Reply& refusal);
  void finish_again();
  void finished(Finishing& end, bool done);
  void return_later();
  void return_again(Line& line, const std::vector<StreamId>& places);
  void on_returned_long();
  void put_back(Held& held);
  void refuse_end(Settled settled);
  [[nodiscard]] bool holds(const CallId& id) const;
  void seek_to_stop(FunctionId function, const CallId& id, Stopped stopped);
  void seek(std::shared_ptr<Seeking> seeking, const std::string& where, const std::string& from);
  void seek_on(const std::shared_ptr<Seeking>& seeking, const Reply& reply);
  void on_sought(const std::shared_ptr<Seeking>& seeking, const Answer& answer);

  const Options options_;
  const SharedKeys keys_;
  const Clock& clock_;
  TimerWheel& wheel_;
  QueueListener& listener_;
  Answers answers_;
  HeldCalls held_;
  std::unordered_map<FunctionId, std::unique_ptr<Line>> lines_;
  std::vector<Line*> asking_;  // in this turn, or until the server is back
  std::set<std::pair<WallTime, FunctionId>> due_;
  FunctionId last_looked_at_;           // of those that were busy elsewhere
  std::optional<Error> lost_;           // why the server is not there
  std::map<std::string, Error> unfit_;  // servers that are none for us, and why
  std::uint64_t depth_ = 0;             // of all lines, accepts under way included
  bool claims_by_script_ = false;       // the server does not take plain ones
  std::size_t accepting_bytes_ = 0;     // of all lines, not sent yet
  std::vector<Taken> taken_;
  Timer due_timer_ = timer_for<&RedisStore::on_due>(this);
  Timer returned_timer_ = timer_for<&RedisStore::on_returned_long>(this);
  Timer refused_timer_ = timer_for<&RedisStore::finish_again>(this);
  Membership membership_;
  const std::unique_ptr<Pipeline> pipeline_;
  Pipeline& connection_ = *pipeline_;
  std::unique_ptr<Replicas> replicas_;  // null: they are not waited for
  EventCarrier carrier_;
  RedisArchive archive_;
  WakeUps wake_ups_;
  Stops stops_;
  Subscription subscription_;
};

}  // namespace convoke::redis
