#include "core/authentication.h"

#include <spdlog/spdlog.h>

#include <filesystem>
#include <utility>

#include "core/guard/temporary_credentials.h"
#include "core/loop/key_file.h"

namespace convoke {
namespace {

Result<std::string> token_key(const EngineOptions& options, const StatePlaces& state) {
  if (options.token_key_file.empty()) return load_or_make_key(state.token_key());
  return load_key(options.token_key_file);
}

}  // namespace

Result<void> may_listen(const EngineOptions& options) {
  if (options.listen.is_loopback() || !options.access_keys_file.empty()) return {};
  return Error{ErrorCode::kInvalidArgument,
               "refusing to listen on " + options.listen.text() +
                   ": without authentication an engine serves loopback alone (127.0.0.1, [::1]); "
                   "name the access keys of those who may use it (serve --access-keys FILE)"};
}

Result<Authentication> open_authentication(const EngineOptions& options, const StatePlaces& state) {
  if (options.access_keys_file.empty()) {
    auto key = token_key(options, state);
    if (!key) return key.error();
    return Authentication{{}, *std::move(key)};
  }
  auto read = read_access_keys(options.access_keys_file, options.account_id);
  if (!read) return read.error();
  auto key = token_key(options, state);
  if (!key) return key.error();
  spdlog::info(
      "requests must be signed with one of {} access keys; functions' credentials are of token "
      "key {}",
      read->keys->size(), key_fingerprint(*key));
  AccessKeysDesk keys(options.access_keys_file, options.account_id, *std::move(read));
  return Authentication{std::move(keys), *std::move(key)};
}

Result<void> check_authentication(const EngineOptions& options, const StatePlaces& state) {
  if (!options.access_keys_file.empty()) {
    const auto read = read_access_keys(options.access_keys_file, options.account_id);
    if (!read) return read.error();
  }
  std::error_code ignored;
  const bool own = options.token_key_file.empty();
  if (own && !std::filesystem::exists(state.token_key(), ignored)) return {};  // to be made
  const auto key = load_key(own ? state.token_key() : options.token_key_file);
  if (!key) return key.error();
  return {};
}

}  // namespace convoke
