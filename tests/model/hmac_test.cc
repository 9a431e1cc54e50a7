#include "core/model/hmac.h"

#include <gtest/gtest.h>

#include <string>

#include "core/model/digest.h"

namespace convoke {
namespace {

std::string by_kept(const KeptHmac& hmac, const std::string& text) {
  const auto mac = hmac.of({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  return {mac.begin(), mac.end()};
}

TEST(KeptHmac, IsHmacSha256ForKeysAndTextsOfEverySize) {
  for (const std::size_t key_size : {0UL, 1UL, 63UL, 64UL, 65UL, 200UL}) {
    const std::string key(key_size, 'k');
    const KeptHmac hmac(key);
    for (std::size_t size = 0; size < 150; ++size) {
      const std::string text(size, static_cast<char>(size));
      ASSERT_EQ(by_kept(hmac, text), hmac_sha256(key, text)) << key_size << ' ' << size;
    }
  }
}

}  // namespace
}  // namespace convoke
