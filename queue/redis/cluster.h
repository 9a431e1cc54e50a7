// A pipeline to a Redis Cluster: a connection to each master that has slots, and each command to
// the one that has the slot of its key.
//
//     seed up --> CLUSTER SLOTS --> masters connected --> ready
//     MOVED         the slot is there from now on; the map is read again; the command goes there
//     ASK           this command goes there once, behind ASKING
//     TRYAGAIN, CLUSTERDOWN    the command goes again after a back-off
//     a master is lost --> not ready, until it is back, or another node says that others have its
//                          slots
//
// A command that was answered so was not executed; kTriesMax times, and then that is its answer.
// Meanwhile it waits here, and what is sent to its slot behind it waits too. Of one slot, commands
// are under way at one server alone: those for another wait until all that went before are
// answered. So of one slot answers are told in the order in which commands were executed; and the
// order in which they were sent is kept, but for those that were under way together when the
// cluster changed.
//
// What waits here when a master is lost is answered kNotSent, as is what is sent then. A master
// that is heard of for the first time while the cluster is ready is waited for.
//
// Commands need a key or a channel (slot.h); what is for a server itself goes from on_server().
//
// Threads: one shard's; see Link for the world, and for destroying it in a callback.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/edge/timer_wheel.h"
#include "queue/redis/connection.h"
#include "queue/redis/pipeline.h"
#include "queue/redis/slot_map.h"

namespace convoke::redis {

// How often a command is sent, at most. With the pauses between that is four to eight seconds:
// longer than a slot's move, or a restarted node's way back into its cluster, should take.
inline constexpr unsigned kTriesMax = 40;
inline constexpr unsigned kTriesAtOnce = 4;  // redirections followed without a pause
inline constexpr Millis kTryAgainFirst{5};
inline constexpr Millis kTryAgainMax{250};
// The map is not read again sooner, however many commands are redirected; up to twice as late, and
// 16 times that where reading it does not help.
inline constexpr Millis kMapEvery{100};

// Before a command that was sent `tries` times goes again; between half and the whole of it.
[[nodiscard]] Millis pause_before_retry(unsigned tries, Rng& rng);

class Cluster final : public Pipeline {
 public:
  // `seed`: any node of it; later it is sought at all that are known.
  Cluster(const LinkWorld& world, LinkOptions seed, const PipelineLimits& limits, Rng rng,
          ConnectionOwner& owner);
  ~Cluster() override;
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  [[nodiscard]] bool ready() const override { return ready_; }
  [[nodiscard]] bool full() const override;
  void send(const Command& command, Handler handler) override;
  void flush() override;
  [[nodiscard]] bool idle() const override;
  [[nodiscard]] Address address() const override;

 private:
  class Node;
  struct Job {  // a command that is not answered
    Command command;
    Handler handler;
    Slot slot = 0;
    std::uint64_t number = 0;     // in the order in which they were sent
    unsigned tries = 0;           // so far
    std::optional<Address> once;  // where the next try goes, whoever has the slot
  };
  using JobPtr = std::shared_ptr<Job>;
  struct Route {
    Node* owner = nullptr;  // by the map, or by what MOVED said since
    Node* at = nullptr;     // whose answers are awaited,
    std::size_t jobs = 0;   // and how many
  };
  struct Waiting {  // of one slot
    std::map<std::uint64_t, JobPtr> jobs;
    Instant from{};  // not before
  };

  // Commands (cluster.cc).
  void submit(JobPtr job);
  [[nodiscard]] Node* way_for(const Job& job);  // nullptr: it waits
  void go(const JobPtr& job, Node& node);
  void on_answer(const JobPtr& job, Node& node, const Answer& answer);
  [[nodiscard]] bool goes_again(const JobPtr& job, Node& node, const Answer& answer);
  void wait(const JobPtr& job, Duration pause);
  void release(Slot slot);
  void release_all();
  void refuse_waiting();
  void tell_refused();
  void flush_soon(Node& node);
  void flush_those();

  // Servers (cluster_nodes.cc).
  [[nodiscard]] Node& node_at(const Address& address);
  [[nodiscard]] Node* find_up();  // another one each time
  void on_node_up(Node& node);
  void on_node_lost(Node& node, const Error& why);
  [[nodiscard]] bool owns_slots(const Node& node) const;
  void introduce(Node& node);
  void look_whether_ready();
  void read_map_soon();
  void read_map();
  void on_map(const Answer& answer, const Address& asked);
  void apply(const SlotMap& map);
  void drop_unused();

  const LinkWorld world_;
  const LinkOptions seed_;
  const PipelineLimits limits_;
  Rng rng_;
  ConnectionOwner& owner_;

  bool ready_ = false;
  bool map_known_ = false;  // of all slots
  bool reading_map_ = false;
  Instant map_read_{};      // last asked for
  unsigned fruitless_ = 0;  // reads in a row after which it was not ready
  std::uint64_t sent_ = 0;
  std::size_t waiting_bytes_ = 0;
  std::size_t waiting_jobs_ = 0;
  std::vector<Route> routes_{kSlots};
  std::map<Slot, Waiting> waiting_;
  std::map<std::string, std::unique_ptr<Node>> nodes_;  // by their address
  std::string last_asked_;                              // of them
  std::vector<Handler> refused_;                        // told in the next turn
  // What is being told now. Whoever tells holds it too, and stops when nobody else does.
  std::shared_ptr<std::vector<Handler>> telling_;
  Timer tell_ = timer_for<&Cluster::tell_refused>(this);
  Timer retry_ = timer_for<&Cluster::release_all>(this);
  Timer map_ = timer_for<&Cluster::read_map>(this);
  Timer flush_ = timer_for<&Cluster::flush_those>(this);
};

}  // namespace convoke::redis
