// One function's calls, as one shard knows them: how they stood when the server last said so, and
// what is asked of it in this turn. Shard thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/model/firing.h"
#include "core/model/ids.h"
#include "core/model/instant.h"
#include "queue/queue.h"
#include "queue/redis/keys.h"
#include "queue/redis/stand.h"
#include "queue/redis/stream_id.h"

namespace convoke::redis {

struct Accepting {
  std::string entry;
  WallTime accepted{};
  std::optional<WallTime> due;  // nullopt: at once
  bool limited = true;          // by the function's depth
  bool kept = false;            // with a record from here on
  std::optional<Firing> firing = std::nullopt;
  // Ready at once, of no timer and without a name, and its event in its entry: nothing has to be
  // looked at for it.
  bool plain = false;
  Queue::Accepted answer;
};

// As finish.lua and conclude.lua have it.
enum class Finish : char { kSettle = 's', kPostpone = 'p', kReturn = 'r', kDelivered = 'd' };

struct Finishing {
  Finish what = Finish::kSettle;
  CallId id;
  StreamId place;
  std::string text;  // kSettle: the call's name; kDelivered: whose outcome; else its new head
  WallTime due{};
  bool event_apart = false;  // kSettle: it goes too
  Queue::Settled answer;     // null: kReturn
  bool uncertain = false;    // sent once already, and perhaps done
  // What the history keeps of it (conclude.lua); and whether it does.
  bool kept = false;
  std::string attempt;
  std::string status;
  std::string result;
};

// Where a named call stands now (note.lua).
struct Noting {
  CallId id;
  std::string note;  // empty: it waits
};

// What a function has to be told once before its calls are touched.
enum class Step : std::uint8_t { kNotTaken, kUnderWay, kTaken };

struct Line {
  Line(std::string_view prefix, FunctionId id) : function(id), keys(prefix, id) {}

  [[nodiscard]] std::uint64_t ready() const { return stand.ready() + returned.size(); }
  [[nodiscard]] QueueCounts counts() const;
  [[nodiscard]] bool asks() const {
    return looks || !accepting.empty() || !noting.empty() || !finishing.empty() ||
           !claiming.empty();
  }
  // Of what was given back, the first so many.
  [[nodiscard]] std::vector<StreamId> take_returned(std::size_t max);

  const FunctionId function;
  const FunctionKeys keys;
  // That it has calls, to engines that start, and that this incarnation may have some, to those who
  // bury it.
  Step announced = Step::kNotTaken;
  Step joined = Step::kNotTaken;  // this incarnation has its lease on it
  bool joining = false;           // or may have: it has asked, be it that the answer was lost
  bool looks = false;             // at how its calls stand
  bool listed = false;            // among those that ask something of this turn
  bool told_ready = false;
  Stand stand;
  // Ready by its counts, and yet not to be had by the last claim: not told of before the next
  // heartbeat, or whoever is would ask for them without end.
  std::uint64_t out_of_reach = 0;
  // Retired incarnations may have left calls: the next claim looks for them.
  bool left_over = true;
  std::optional<WallTime> oldest_in_stream;  // accept time of the first that nobody has claimed
  std::set<StreamId> returned;               // ours, and not under way
  std::set<StreamId> claimed_again;          // left `returned` with a claim that is not answered
  std::set<StreamId> no_calls;               // ours, and written by somebody else
  std::vector<Accepting> accepting;
  std::size_t accepts_under_way = 0;  // plain ones, not answered
  std::vector<Noting> noting;
  std::vector<Finishing> finishing;
  std::vector<std::size_t> claiming;  // how many, for each claim
};

}  // namespace convoke::redis
