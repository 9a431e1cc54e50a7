#include "core/access_keys_desk.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <optional>
#include <utility>

#include "core/loop/secret_file.h"
#include "core/model/digest.h"

namespace convoke {

Result<AccessKeysRead> read_access_keys(const std::string& path, const std::string& account_id) {
  const auto text = read_secret_file(path, kAccessKeysBytesMax);
  if (!text) return text.error();
  auto keys = AccessKeys::read(*text, account_id);
  if (!keys) return Error{keys.error().code, fmt::format("{}: {}", path, keys.error().message)};
  return AccessKeysRead{*std::move(keys), hex(sha256(*text))};
}

AccessKeysDesk::AccessKeysDesk(std::string path, std::string account_id, AccessKeysRead read)
    : path_(std::move(path)),
      account_id_(std::move(account_id)),
      keys_(std::move(read.keys)),
      seen_(std::move(read.hash)) {}

void AccessKeysDesk::open(std::vector<KeysDoor*> doors, IoThread& thread) {
  doors_ = std::move(doors);
  thread_ = &thread;
}

void AccessKeysDesk::look() {
  if (std::exchange(looking_, true)) return;
  const auto read = std::make_shared<std::optional<Result<AccessKeysRead>>>();
  thread_->run([this, read] { *read = read_access_keys(path_, account_id_); },
               [this, read] {
                 looking_ = false;
                 looked(**read);
               });
}

void AccessKeysDesk::looked(const Result<AccessKeysRead>& read) {
  const std::string& seen = read ? read->hash : read.error().message;
  if (std::exchange(seen_, seen) == seen) return;
  if (!read) {
    return spdlog::error("{}; the {} access keys that were read before stay in force", seen,
                         keys_->size());
  }
  keys_ = read->keys;
  spdlog::info("{} has changed: {} access keys are in force", path_, keys_->size());
  for (KeysDoor* door : doors_) {
    door->post([door, keys = keys_] { door->replace_keys(keys); });
  }
}

}  // namespace convoke
