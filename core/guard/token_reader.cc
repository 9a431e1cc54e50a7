#include "core/guard/token_reader.h"

#include <openssl/crypto.h>

#include <algorithm>

namespace convoke {
namespace {

// The last two characters are 12 bits of the MAC.
std::size_t place_of(std::string_view text) {
  const auto last = static_cast<unsigned char>(text[kLineageTextSize - 1]);
  const auto before = static_cast<unsigned char>(text[kLineageTextSize - 2]);
  return (static_cast<std::size_t>(last) ^ static_cast<std::size_t>(before) << 3) %
         TokenReader::kKept;
}

}  // namespace

std::optional<LineageToken> TokenReader::open(std::string_view text) noexcept {
  if (text.size() != kLineageTextSize) return std::nullopt;
  Kept& kept = kept_[place_of(text)];
  const bool known = CRYPTO_memcmp(kept.text.data(), text.data(), text.size()) == 0;
  if (known && kept.text.front() != '\0') return kept.token;
  ++checked_;
  const std::optional<LineageToken> opened = seal_.open(text);
  if (!opened) return std::nullopt;
  std::copy(text.begin(), text.end(), kept.text.begin());
  kept.token = *opened;
  return opened;
}

}  // namespace convoke
