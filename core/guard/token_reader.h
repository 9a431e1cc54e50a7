// Opens lineage tokens, and knows those that it opened last: a request's token is asked for twice,
// by whoever checks signatures and by whoever finds the call's lineage, and a client brings the
// same one with each request of its connection.
//
// One shard's; its thread alone. Allocates nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/guard/lineage_token.h"

namespace convoke {

class TokenReader {
 public:
  static constexpr std::size_t kKept = 64;  // tokens, each where its MAC's end says

  explicit TokenReader(const LineageSeal& seal) : seal_(seal) {}

  // As LineageSeal::open. What is known is compared whole, in a time that tells nothing of it.
  [[nodiscard]] std::optional<LineageToken> open(std::string_view text) noexcept;

  [[nodiscard]] std::uint64_t checked() const { return checked_; }  // MACs computed since start

 private:
  struct Kept {
    LineageText text{};  // begins with a zero: none yet
    LineageToken token;
  };

  const LineageSeal& seal_;
  std::array<Kept, kKept> kept_{};
  std::uint64_t checked_ = 0;
};

}  // namespace convoke
