#include "core/guard/lineage_token.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <span>

#include "core/model/base64url.h"
#include "core/model/digest.h"

namespace convoke {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kLineageAt = 1;
constexpr std::size_t kPlaceAt = kLineageAt + kPackedLineageSize;
constexpr std::size_t kDeadlineAt = kPlaceAt + 4;
constexpr std::size_t kMacAt = kDeadlineAt + 4;
constexpr std::size_t kMacSize = 12;
constexpr std::size_t kTokenBytes = kMacAt + kMacSize;
static_assert(base64url_size(kTokenBytes) == kLineageTextSize);

using Bytes = std::array<std::uint8_t, kTokenBytes>;

void put(std::uint8_t* at, std::uint32_t number) {
  for (int i = 0; i < 4; ++i) at[i] = static_cast<std::uint8_t>(number >> (24 - 8 * i));
}

std::uint32_t get(const std::uint8_t* at) {
  std::uint32_t number = 0;
  for (int i = 0; i < 4; ++i) number = number << 8 | at[i];
  return number;
}

std::uint32_t seconds_of(WallTime time) {
  const auto seconds = std::chrono::ceil<Seconds>(time.time_since_epoch()).count();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(seconds, 0, UINT32_MAX));
}

}  // namespace

LineageSeal::LineageSeal(std::string_view token_key)
    : hmac_(hmac_sha256(token_key, "convoke lineage\n")) {}

LineageText LineageSeal::seal(const LineageToken& token) const noexcept {
  Bytes bytes{};
  bytes[0] = kVersion;
  Lineage lineage = token.lineage;
  lineage.parent = token.call;
  const PackedLineage packed = pack(lineage);
  std::copy(packed.begin(), packed.end(), bytes.begin() + kLineageAt);
  put(bytes.data() + kPlaceAt, token.place.value);
  put(bytes.data() + kDeadlineAt, seconds_of(token.deadline));
  const KeptHmac::Mac mac = hmac_.of(std::span(bytes).first<kMacAt>());
  std::copy_n(mac.begin(), kMacSize, bytes.begin() + kMacAt);
  LineageText text{};
  encode_base64url(bytes, text);
  return text;
}

std::optional<LineageToken> LineageSeal::open(std::string_view text) const noexcept {
  Bytes bytes{};
  if (!decode_base64url(text, bytes) || bytes[0] != kVersion) return std::nullopt;
  const KeptHmac::Mac mac = hmac_.of(std::span(bytes).first<kMacAt>());
  if (CRYPTO_memcmp(mac.data(), bytes.data() + kMacAt, kMacSize) != 0) return std::nullopt;
  LineageToken token;
  token.lineage = unpack(std::span(bytes).subspan<kLineageAt, kPackedLineageSize>());
  token.call = token.lineage.parent;
  token.lineage.parent = {};
  token.place = PlaceTag{get(bytes.data() + kPlaceAt)};
  token.deadline = WallTime{Seconds{get(bytes.data() + kDeadlineAt)}};
  return token;
}

}  // namespace convoke
