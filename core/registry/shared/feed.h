// What this engine knows of the registry, brought up to what the server has: changes in the order
// of their versions, from the log; or, where the log does not reach back so far, all rows at once.
//
//     rest --> reading --> preparing (code that is not here yet is fetched) --> told --> rest
//                ^             |  failed: again after kRetryAfter; later changes wait
//                +-------------+  gone: a later change has replaced it; all rows are read
//
// First shard's thread only; callbacks are made from answers and timers, never from inside a call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "core/registry/directory.h"
#include "core/registry/shared/code_carrier.h"
#include "core/registry/shared/keys.h"
#include "core/registry/shared/local_code.h"
#include "core/registry/shared/rows.h"
#include "core/registry/shared/server.h"
#include "core/registry/source.h"

namespace convoke::shared_registry {

// What was told so far.
struct Known {
  Directory directory;
  std::uint64_t version = 0;
};

class FeedOwner {
 public:
  virtual ~FeedOwner() = default;
  // Known now. `by`: the word of whoever made it; "" where all rows were read.
  virtual void on_known(RegistryStep step, const std::string& by) = 0;
  // All that was committed before the last catch_up() is known.
  virtual void on_caught_up() = 0;
  // Known stays as it is, for now or for good; in an operator's words.
  virtual void on_trouble(const Error& why) = 0;
};

class Feed {
 public:
  struct Parts {
    const Keys& keys;
    Server& server;
    LocalCode& code;
    CodeCarrier& carrier;
    const Clock& clock;
    TimerWheel& wheel;
  };
  Feed(const Parts& parts, Known& known, FeedOwner& owner)
      : parts_(parts), known_(known), owner_(owner), rows_(parts.keys, parts.server) {}
  Feed(const Feed&) = delete;  // answers come to our address
  Feed& operator=(const Feed&) = delete;

  // Asks the server what there is. Without it, when it is there again: the owner then says so.
  void catch_up();
  // The server has that version: catches up if it is not known.
  void heard_of(std::uint64_t version);

  [[nodiscard]] const Known& known() const { return known_; }
  // The server has less than is known here: it was restored from something old, and nothing that
  // it says from now on fits.
  [[nodiscard]] bool misled() const { return misled_; }

 private:
  static constexpr std::size_t kAtOnce = 100;  // changes
  static constexpr Seconds kRetryAfter{1};

  enum class State : std::uint8_t { kRest, kReading, kPreparing, kWaiting };
  struct Entry {
    RegistryStep step;
    std::string by;
    bool all_rows = false;
  };

  void read();
  void on_version(const redis::Answer& answer);
  void on_changes(const redis::Answer& answer);
  [[nodiscard]] Result<std::deque<Entry>> entries_of(const redis::Reply& reply) const;
  void read_all();
  void on_rows(std::optional<Rows> rows);

  void take_next();
  [[nodiscard]] bool ready_or_preparing();
  [[nodiscard]] std::vector<CodePackage> code_of(const RegistryStep& step) const;
  void fetch_next();
  void on_fetched(CodeCarrier::Fetch fetch, std::string zip);
  void on_code_gone();
  void on_unpacked(const Result<void>& unpacked);
  void tell_first();
  void let_code_go();

  void rest();
  void trouble(const Error& why);
  void wait_and_retry();
  void retry();

  const Parts parts_;
  Known& known_;
  FeedOwner& owner_;
  RowsReader rows_;

  State state_ = State::kRest;
  bool again_ = false;  // asked while it was under way
  bool misled_ = false;
  std::optional<std::uint64_t> there_;  // the server's version, in the reading under way
  std::deque<Entry> incoming_;          // read, not yet told
  bool first_is_ready_ = false;         // its code is here
  std::vector<CodePackage> to_fetch_;   // of the first
  std::vector<CodePackage> held_;       // of the first
  Timer retry_ = timer_for<&Feed::retry>(this);
};

}  // namespace convoke::shared_registry
