// One engine per state directory: a lock that the kernel drops when its holder ends, however it
// ends.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/model/error.h"
#include "core/model/instant.h"

namespace convoke {

class StateLock {
 public:
  static constexpr Millis kLookEvery{20};

  // Locks `directory` (which is there) by its file "lock", and writes our process id into it. Held
  // by another process for `wait_max` and longer: the error names that process' id. Blocking.
  [[nodiscard]] static Result<std::unique_ptr<StateLock>> take(const std::string& directory,
                                                               Duration wait_max = {});
  // The process id of whoever holds it, as it has written it down; nullopt: nobody does.
  [[nodiscard]] static std::optional<std::string> holder(const std::string& directory);
  ~StateLock();
  StateLock(const StateLock&) = delete;
  StateLock& operator=(const StateLock&) = delete;

 private:
  explicit StateLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace convoke
