// The access keys of those who may use an engine, as an operator's file names them.
//
//   # one a line:
//   ACCESS_KEY_ID SECRET [ACCOUNT_ID]
//
// Lines, not TOML: no field holds a blank, so nothing needs quoting or escaping, a key is added
// with `echo` and taken away with `sed`, and whoever reviews a change sees one key a line. Without
// an ACCOUNT_ID it is the engine's account. '#' begins a comment line.
//
// Immutable once read, so that threads share one. Reading is pure; the file itself is
// core/loop/secret_file.h's, and when it is read again core/access_keys_desk.h's.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/model/error.h"

namespace convoke {

inline constexpr std::size_t kAccessKeysBytesMax = 1UL << 20;
inline constexpr std::size_t kAccessKeysMax = 10'000;
inline constexpr std::size_t kAccessKeyIdBytesMax = 128;
inline constexpr std::size_t kAccessKeySecretBytesMin = 8;
inline constexpr std::size_t kAccessKeySecretBytesMax = 256;
inline constexpr std::size_t kAccountIdBytesMax = 32;
// Ids of temporary credentials begin so: SDKs send their token only then.
inline constexpr std::string_view kTemporaryKeyPrefix = "STS";

class AccessKeys {
 public:
  struct Key {
    std::string secret;
    std::string account_id;
  };

  // `account_id`: of keys that name none. InvalidArgument: which line is wrong, and how; never
  // what stands in it. A text without any key is wrong too: it is more likely a file half written.
  [[nodiscard]] static Result<std::shared_ptr<const AccessKeys>> read(std::string_view text,
                                                                      std::string_view account_id);

  [[nodiscard]] const Key* find(std::string_view id) const;  // nullptr: unknown
  [[nodiscard]] std::size_t size() const { return keys_.size(); }

 private:
  [[nodiscard]] Result<void> add(std::string_view line, std::string_view account_id);

  std::unordered_map<std::string, Key> keys_;
};

}  // namespace convoke
