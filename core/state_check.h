// Whether an engine could start on what a state directory holds: as far as that can be told by
// looking, also while another engine serves from it. Blocking; nothing is made, locked or changed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/model/error.h"
#include "core/state_directory.h"

namespace convoke {

struct StateSeen {
  std::uint32_t journals = 0;
  // In all journals; as many as a start would take over.
  std::uint64_t unfinished_calls = 0;
  // An engine runs here. Its journals change while they are read, so only their format was looked
  // at, and unfinished_calls is 0.
  std::optional<std::string> in_use_by;  // its process id
};

// Of an empty or a missing directory too. The first thing that would make a start fail: its error
// names the file, what is wrong with it, and what to do. Takes as long, and as much memory, as
// recovery does, unless the directory is in use.
[[nodiscard]] Result<StateSeen> check_state(const std::string& directory);

// Of a directory that is ours: InvalidArgument where its journals hold calls that have not ended.
[[nodiscard]] Result<void> check_nothing_unfinished(const StatePlaces& places);

}  // namespace convoke
