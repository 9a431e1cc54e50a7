// How many queued calls of a function may be under way at once on one shard. Pure.
//
// No limit of its own as long as nothing is wrong. When the function says that it has no room for
// more (see Ended::kOverloaded) or has become slow throughout, the window is half of what was under
// way; each window of successes lets one more in. Twice what was too much lifts it, and so does
// time. It never falls below one: from there, each refusal makes a pause, twice as long as the
// last.
//
//   open --overload--> half --overload--> ... --> 1 --overload--> 1 after a pause --success--> ...
//    ^                   |                                                                      |
//    +-- twice what was too much -- one more for each window of successes <---------------------+
//
// Callers who wait are not counted: each has an answer of its own, and the function's limit governs
// them. Shards, and engines that share a queue, find their windows each for itself, as connections
// do that share a wire.
//
// How it can be wrong. A function that refuses one call in a hundred for reasons of that call gets
// a window of some fourteen on each shard: it should answer with an error instead. One whose events
// become four times as heavy all at once is halved, once: what was seen then is the new measure.
// One that becomes slow by less than that, or only for most of its calls, is not seen to.
#pragma once

#include <cstdint>

#include "core/edge/rng.h"
#include "core/model/instant.h"

namespace convoke {

inline constexpr std::uint32_t kWindowOpen = 0xFFFF'FFFF;

inline constexpr Millis kOverloadPauseFirst{250};
inline constexpr Seconds kOverloadPauseMax{10};
// After the last cut: a window that is wrong, or of a function that rests, does not stay.
inline constexpr Seconds kOverloadForgotten = std::chrono::minutes{10};

// Slow: the *fastest* of at least so many calls took so many times what the fastest of any window
// has taken, and so much longer. Of a function some of whose calls are slow, the fastest are not.
inline constexpr std::uint32_t kSlowSamples = 16;
inline constexpr int kSlowTimes = 4;
inline constexpr Millis kSlowLeast{100};

class CallWindow {
 public:
  // What the end of a call says of its function.
  enum class Ended : std::uint8_t {
    kWell,
    kLate,        // past its deadline: no success, but a measure of how long calls take
    kOverloaded,  // refused for want of room
    kOtherwise,   // an error: not a question of room
    kNotBegun,    // it never came to the function
  };

  void began(std::uint32_t calls);  // were taken out of the store
  // `took`: from hand-over to its end; of kWell and kLate.
  void ended(Ended how, Duration took, Instant now, Rng& rng);

  // How many more may begin; kWindowOpen: as many as there are slots for.
  [[nodiscard]] std::uint32_t room(Instant now) const;
  [[nodiscard]] bool open() const { return limit_ == kWindowOpen; }
  [[nodiscard]] std::uint32_t limit() const { return limit_; }
  [[nodiscard]] std::uint32_t under_way() const { return under_way_; }
  [[nodiscard]] Instant paused_until() const { return paused_until_; }
  [[nodiscard]] std::uint32_t cuts() const { return cuts_; }  // pauses too, since it was made
  [[nodiscard]] Instant forgotten_at() const { return cut_at_ + kOverloadForgotten; }  // narrow
  void forget(Instant now) {  // if it is time
    if (!open() && now >= forgotten_at()) lift();
  }
  void lift();

 private:
  [[nodiscard]] bool one_of_the_last_window();
  void overloaded(Instant now, Rng& rng);
  void cut(std::uint32_t were_under_way, Instant now);
  void pause(Instant now, Rng& rng);
  void succeeded();
  void measure(Duration took, Instant now);

  std::uint32_t under_way_ = 0;
  std::uint32_t limit_ = kWindowOpen;
  std::uint32_t too_many_ = 0;   // so many were under way when it was first cut
  std::uint32_t successes_ = 0;  // in this window
  // Calls that were under way, or asked for, at the last cut: they say again what it was made for.
  std::uint32_t before_cut_ = 0;
  std::uint32_t cuts_ = 0;
  Instant cut_at_{};
  Duration last_pause_{};
  Instant paused_until_{};
  std::uint32_t samples_ = 0;
  Duration fastest_ = Duration::max();         // of these
  Duration fastest_of_all_ = Duration::max();  // since the measure was last changed
};

}  // namespace convoke
