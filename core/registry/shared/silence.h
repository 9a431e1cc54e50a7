// How far the engines are that may start calls, judged by who has fallen silent, and for how long
// by this engine's own clock.
//
// An engine's lease counts from when it sent its last beat that was confirmed. Whoever has the same
// last beat when the server is asked again a lease later has sent none meanwhile that was heard:
// its lease was over before the second question was asked. What it sends after that renews nothing
// before it has applied all there is (heart.h). The server's clock does not matter, nor when that
// beat was; only that two clocks run alike, to half a percent.
//
// Pure; owner thread only.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/model/instant.h"

namespace convoke::shared_registry {

// An engine, as the server told of it.
struct Beating {
  std::string engine;
  std::string last_beat;  // a text that differs with each beat
  std::uint64_t applied = 0;
};

// From when a beat was seen to have been the last one.
[[nodiscard]] constexpr Duration silent_after(Duration lease) { return lease + lease / 200; }

class Silence {
 public:
  explicit Silence(Duration lease) : silent_after_(convoke::shared_registry::silent_after(lease)) {}

  // The server was asked at `asked`, and told so at `told`: those of them that may hold a lease.
  [[nodiscard]] std::vector<Beating> may_hold(const std::vector<Beating>& engines, Instant asked,
                                              Instant told);

 private:
  // A turn's clock stands still, so what was told in it may be younger than it says: silence counts
  // from the first question of a later turn.
  struct Seen {
    std::string beat;
    Instant told{};
    std::optional<Instant> since;
  };
  const Duration silent_after_;
  std::map<std::string, Seen> seen_;
};

}  // namespace convoke::shared_registry
