// The access keys of an engine: read at start, and again when their file has changed.
//
// The file is read once a second at most, off the loops, and compared by its content: so neither a
// coarse clock of the file system nor the way of writing it matters. Each shard gets the new keys
// as one immutable snapshot. A file that cannot be read any more, or is wrong, changes nothing but
// the operator's log. Replace it by renaming: what is read of one that is being written may lack
// keys, until the next second.
//
// Threads: made at start; lives on shard 0's loop.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/edge/io_thread.h"
#include "core/guard/access_keys.h"
#include "core/model/error.h"
#include "core/model/instant.h"

namespace convoke {

inline constexpr Seconds kAccessKeysLookEvery{1};

// A shard, as the desk sees it.
class KeysDoor {
 public:
  virtual ~KeysDoor() = default;
  virtual void post(std::function<void()> task) = 0;  // any thread; runs on the shard's
  virtual void replace_keys(std::shared_ptr<const AccessKeys> keys) = 0;
};

// An access-keys file as it was read.
struct AccessKeysRead {
  std::shared_ptr<const AccessKeys> keys;
  std::string hash;  // of the text
};
// Blocking. Errors name the file, and its line where one is wrong.
[[nodiscard]] Result<AccessKeysRead> read_access_keys(const std::string& path,
                                                      const std::string& account_id);

class AccessKeysDesk {
 public:
  AccessKeysDesk() = default;  // authentication is off
  AccessKeysDesk(std::string path, std::string account_id, AccessKeysRead read);

  [[nodiscard]] bool enabled() const { return keys_ != nullptr; }
  [[nodiscard]] const std::shared_ptr<const AccessKeys>& keys() const { return keys_; }

  void open(std::vector<KeysDoor*> doors, IoThread& thread);  // before the shards run
  // Reads the file on the thread, unless that is under way.
  void look();

 private:
  void looked(const Result<AccessKeysRead>& read);

  std::string path_;
  std::string account_id_;
  std::shared_ptr<const AccessKeys> keys_;
  std::string seen_;  // the text's hash, or what was wrong
  bool looking_ = false;
  std::vector<KeysDoor*> doors_;
  IoThread* thread_ = nullptr;
};

}  // namespace convoke
