#include "core/guard/temporary_credentials.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <optional>

#include "core/model/digest.h"

namespace convoke {
namespace {

constexpr std::string_view kVersion = "1";
constexpr std::size_t kTokenBytesMax = 512;
constexpr std::size_t kFields = 5;  // before the MAC
constexpr std::string_view kIdBeginning = "STS.";
constexpr std::size_t kIdTagDigits = 6;
constexpr std::size_t kIdMacBytes = 5;
constexpr std::size_t kIdSize = kIdBeginning.size() + kIdTagDigits + 2 * kIdMacBytes;
constexpr std::size_t kFingerprintBytes = 8;

// What one word makes tells nothing of what another one makes.
std::string made(std::string_view token_key, std::string_view word, std::string_view text) {
  return hmac_sha256(token_key, fmt::format("convoke {}\n{}", word, text));
}

std::string mac_of(std::string_view token_key, std::string_view payload) {
  return hex(made(token_key, "token", payload));
}

std::string secret_of(std::string_view token_key, std::string_view payload) {
  return hex(made(token_key, "secret", payload));
}

Error invalid() {
  return {ErrorCode::kInvalidSecurityToken,
          "the security token was not issued by this engine, nor by one with its token key"};
}

template <class Number>
std::optional<Number> number_of(std::string_view text, int base = 10) {
  Number number{};
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number, base);
  if (read.ec != std::errc{} || read.ptr != end) return std::nullopt;
  return number;
}

// Of a payload whose MAC is right: we wrote it.
std::optional<TokenHolder> holder_of(std::string_view payload) {
  std::array<std::string_view, kFields> fields;
  std::size_t count = 0;
  for (std::string_view rest = payload;; ++count) {
    if (count == kFields) return std::nullopt;
    fields[count] = rest.substr(0, rest.find('/'));
    if (fields[count].size() == rest.size()) break;
    rest.remove_prefix(fields[count].size() + 1);
  }
  const auto function = number_of<std::uint64_t>(fields[3]);
  const auto expires = number_of<std::int64_t>(fields[4]);
  if (count + 1 != kFields || fields[0] != kVersion || !function || !expires) return std::nullopt;
  return TokenHolder{std::string(fields[1]),
                     std::string(fields[2]),
                     FunctionId{*function},
                     WallTime{Seconds{*expires}},
                     {}};
}

}  // namespace

http::AccessKey make_credentials(std::string_view token_key, std::string_view account_id,
                                 FunctionId function, WallTime expires) {
  const std::string facts =
      fmt::format("{}/{}/{}", account_id, function.value,
                  std::chrono::floor<Seconds>(expires.time_since_epoch()).count());
  const std::string id_mac = made(token_key, "id", facts).substr(0, kIdMacBytes);
  http::AccessKey credentials;
  credentials.id = fmt::format("{}{:06x}{}", kIdBeginning, tag_of(function).value, hex(id_mac));
  const std::string payload = fmt::format("{}/{}/{}", kVersion, credentials.id, facts);
  credentials.secret = secret_of(token_key, payload);
  credentials.security_token = fmt::format("{}/{}", payload, mac_of(token_key, payload));
  return credentials;
}

FunctionTag holder_of_id(std::string_view access_key_id) noexcept {
  if (access_key_id.size() != kIdSize || !access_key_id.starts_with(kIdBeginning)) return {};
  const auto tag =
      number_of<std::uint32_t>(access_key_id.substr(kIdBeginning.size(), kIdTagDigits), 16);
  return FunctionTag{tag.value_or(0)};
}

Result<TokenHolder> read_token(std::string_view token_key, std::string_view token) {
  const std::size_t end = token.rfind('/');
  if (token.size() > kTokenBytesMax || end == std::string_view::npos) return invalid();
  const std::string_view payload = token.substr(0, end);
  if (!equal_in_constant_time(mac_of(token_key, payload), token.substr(end + 1))) return invalid();
  auto holder = holder_of(payload);
  if (!holder) return invalid();
  holder->secret = secret_of(token_key, payload);
  return *std::move(holder);
}

std::string key_fingerprint(std::string_view key) {
  return hex(sha256(key).substr(0, kFingerprintBytes));
}

}  // namespace convoke
