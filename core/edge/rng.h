// Random numbers, reproducible from a seed.
//
// One stream per component, forked by name, so that a new draw in one does not reshuffle the
// others. xoshiro256** (Blackman and Vigna); not for secrets. Owner thread only.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace convoke {

class Rng {
 public:
  [[nodiscard]] static Rng seeded(std::uint64_t seed);

  [[nodiscard]] std::uint64_t next();
  [[nodiscard]] std::uint64_t below(std::uint64_t bound);  // 0 .. bound-1; bound > 0
  [[nodiscard]] bool one_in(std::uint64_t n) { return below(n) == 0; }
  // An independent stream: the same name from the same state gives the same stream. Draws nothing.
  [[nodiscard]] Rng fork(std::string_view name) const;

 private:
  std::array<std::uint64_t, 4> state_{};
};

}  // namespace convoke
