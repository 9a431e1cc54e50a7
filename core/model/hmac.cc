// OpenSSL 3 deprecates these in favour of contexts that it allocates and looks up. They are what it
// runs beneath, and they do not go before version 4.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "core/model/hmac.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <string>

#include "core/model/digest.h"

namespace convoke {
namespace {

using Block = std::array<std::uint8_t, SHA256_CBLOCK>;

void start(SHA256_CTX& hash, Block block, std::uint8_t pad) {
  for (std::uint8_t& byte : block) byte ^= pad;
  SHA256_Init(&hash);
  SHA256_Update(&hash, block.data(), block.size());
  OPENSSL_cleanse(block.data(), block.size());
}

}  // namespace

KeptHmac::KeptHmac(std::string_view key) {
  const std::string held = key.size() > SHA256_CBLOCK ? sha256(key) : std::string(key);
  Block block{};
  std::copy(held.begin(), held.end(), block.begin());
  start(inner_, block, 0x36);
  start(outer_, block, 0x5c);
  OPENSSL_cleanse(block.data(), block.size());
}

KeptHmac::Mac KeptHmac::of(std::span<const std::uint8_t> text) const noexcept {
  Mac mac{};
  SHA256_CTX hash = inner_;
  SHA256_Update(&hash, text.data(), text.size());
  SHA256_Final(mac.data(), &hash);
  hash = outer_;
  SHA256_Update(&hash, mac.data(), mac.size());
  SHA256_Final(mac.data(), &hash);
  return mac;
}

}  // namespace convoke
