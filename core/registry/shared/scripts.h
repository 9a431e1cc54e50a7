// The scripts of the shared registry, each a file beside this one that says what it does, and the
// calls of them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/model/instant.h"
#include "core/registry/change.h"
#include "core/registry/directory.h"
#include "core/registry/shared/keys.h"
#include "queue/redis/script.h"

namespace convoke::shared_registry {

// Beyond, whoever lacks one reads all rows instead.
inline constexpr std::int64_t kChangesKept = 4096;

[[nodiscard]] const redis::Script& commit_script();
[[nodiscard]] const redis::Script& beat_script();
[[nodiscard]] const redis::Script& code_piece_script();

// `change` was decided on `known`, whose version is one less. `by`: a word of its own, by which it
// is known again in the log.
[[nodiscard]] redis::Command commit_call(const Keys& keys, const Directory& known,
                                         std::uint64_t known_version, const Change& change,
                                         std::string_view by);

struct Beat {
  std::string engine;
  std::string applied;  // a version; "": it only asks
  Millis silence_max{};
};
[[nodiscard]] redis::Command beat_call(const Keys& keys, const Beat& beat);

// `code`: the zip's key.
[[nodiscard]] redis::Command code_piece_call(const Keys& keys, std::string_view code,
                                             std::string_view piece, Seconds kept);

}  // namespace convoke::shared_registry
