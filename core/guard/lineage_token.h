// What a running call carries, so that the calls that it makes say by whom they were made: its
// lineage, sealed. One form for all carriers (the credentials' security token, x-convoke-lineage,
// tracestate): 120 characters of base64url, so that `convoke=` and it are the 128 that a tracestate
// entry may have for sure (W3C Trace Context, 3.3.1.5). Of these 90 bytes, all big-endian:
//
//   version 1 | lineage 69, as core/model/lineage.h packs it, but with the call in the parent's
//   place | instance 4 | deadline 4, seconds since 1970 | MAC 12
//
// The MAC is the beginning of HMAC-SHA256 of what stands before it, under a key made of the token
// key that engines share: 96 bits. Nothing in it is secret; whoever holds one can use it, and what
// it is good for then is core/guard/lineage.h's to say.
//
// Pure; any thread; allocates nothing but in the constructor.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/model/hmac.h"
#include "core/model/ids.h"
#include "core/model/instant.h"
#include "core/model/lineage.h"

namespace convoke {

struct LineageToken {
  Lineage lineage;  // of the call that it was given to; its parent and trace do not travel
  CallId call;      // nil: an instance that has had no call yet
  PlaceTag place;
  WallTime deadline{};  // whole seconds; the call is over then at the latest
};

class LineageSeal {
 public:
  explicit LineageSeal(std::string_view token_key);

  [[nodiscard]] LineageText seal(const LineageToken& token) const noexcept;
  // nullopt: neither this engine made it, nor one with its token key.
  [[nodiscard]] std::optional<LineageToken> open(std::string_view text) const noexcept;

 private:
  const KeptHmac hmac_;
};

}  // namespace convoke
