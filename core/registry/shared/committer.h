// What clients of this engine ask of the shared registry, one after the other: decided on what is
// known, and committed if it still is what there is; else decided anew.
//
//     asked --> catching up --> decided --> (code: unpacked, uploaded) --> committing --> known
//                   ^  no: answered             |                             |
//                   +---------------------------+-----------------------------+
//                        somebody was faster, or the answer was lost
//
// A change is known to be made when it is met in the log, by the word that went with it. So a lost
// answer is no doubt, as long as the server comes back.
//
// First shard's thread only; callbacks are made from answers and timers, never from inside a call.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/registry/rules.h"
#include "core/registry/shared/code_carrier.h"
#include "core/registry/shared/feed.h"
#include "core/registry/shared/keys.h"
#include "core/registry/shared/local_code.h"
#include "core/registry/shared/server.h"
#include "core/registry/source.h"

namespace convoke::shared_registry {

// Mutations that wait for their turn; beyond: ServiceUnavailable.
inline constexpr std::size_t kMutationsMax = 1'000;
// Without any progress a mutation is given up after so long.
inline constexpr Seconds kProgressMax{10};

class CommitterOwner {
 public:
  virtual ~CommitterOwner() = default;
  // Made, and known here; to be answered when it is applied.
  virtual void on_made(Change change, RegistrySource::Done done) = 0;
};

class Committer {
 public:
  struct Parts {
    const Keys& keys;
    Server& server;
    Feed& feed;
    LocalCode& code;
    CodeCarrier& carrier;
    const Clock& clock;
    TimerWheel& wheel;
    const InProcessHandlers& in_process;
  };
  // `engine`: a name that no other has, nor had.
  Committer(const Parts& parts, std::string engine, Rng rng, CommitterOwner& owner);
  Committer(const Committer&) = delete;  // answers come to our address
  Committer& operator=(const Committer&) = delete;

  void execute(Mutation mutation, WallTime now, RegistrySource::Done done);
  // What the feed tells.
  void on_known(const RegistryStep& step, const std::string& by);
  void on_caught_up();
  // A piece of code has moved.
  void on_progress();

 private:
  enum class State : std::uint8_t {
    kIdle,
    kCatchingUp,
    kUnpacking,
    kUploading,
    kCommitting,
    kMade
  };
  struct Asked {
    std::shared_ptr<const Mutation> mutation;
    WallTime now;
    RegistrySource::Done done;
  };

  [[nodiscard]] std::optional<Error> refusal() const;  // at once
  void tell_refused();
  void begin_next();
  void catch_up();
  void decide();
  void unpack(std::shared_ptr<const std::string> base64);
  void upload(LocalCode::Unpacked unpacked);
  void commit(Change change);
  void on_committed(const redis::Answer& answer);
  void refuse(Error why);
  void finish(std::function<void()> answer);
  void on_no_progress();
  // Runs `then` if the mutation of now is still in that state when it is called.
  template <class Argument, class Then>
  std::function<void(Argument)> while_in(State state, Then then);

  const Parts parts_;
  const std::string engine_;
  Rng rng_;
  CommitterOwner& owner_;

  std::vector<std::function<void()>> refused_;  // to be told soon
  std::deque<Asked> asked_;                     // the first one is under way unless kIdle
  State state_ = State::kIdle;
  std::uint64_t turn_ = 0;           // of mutations, and the number in their word
  std::string by_;                   // the word of the one under way
  bool may_be_made_ = false;         // an answer was lost
  std::optional<CodePackage> code_;  // unpacked here, and uploaded
  std::optional<Change> change_;     // last sent
  std::uint64_t made_as_ = 0;        // its version, in kMade
  Timer refusing_ = timer_for<&Committer::tell_refused>(this);
  Timer patience_ = timer_for<&Committer::on_no_progress>(this);
};

}  // namespace convoke::shared_registry
