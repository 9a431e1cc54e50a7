#include "core/model/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

#include "core/model/error.h"

namespace convoke {
namespace {

using Buffer = std::array<unsigned char, EVP_MAX_MD_SIZE>;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string text_of(const Buffer& buffer, unsigned int size) {
  return {reinterpret_cast<const char*>(buffer.data()), size};
}

}  // namespace

std::string sha256(std::string_view text) {
  Buffer digest{};
  unsigned int size = 0;
  const int made =
      EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr);
  ENSURE(made == 1);
  return text_of(digest, size);
}

std::string hmac_sha256(std::string_view key, std::string_view text) {
  Buffer digest{};
  unsigned int size = 0;
  const auto* made = HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes_of(text),
                          text.size(), digest.data(), &size);
  ENSURE(made != nullptr);
  return text_of(digest, size);
}

std::string hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes.size());
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += kDigits[byte >> 4];
    text += kDigits[byte & 0xf];
  }
  return text;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace convoke
