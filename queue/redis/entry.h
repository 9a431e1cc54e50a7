// One call as it lies in Redis: a fixed head, then qualifier, name, event and, where it has an
// ancestry, its lineage. Pure.
//
// The head's places are known to the scripts, which compare ids and read accept times in it.
// Numbers are big-endian. SCHEMA.md gives the same table for an operator.
//
//     0  16  id               28   4  turn             36   1  flags
//    16   6  accepted, ms     32   2  retries          37   1  bytes of the qualifier
//    22   6  first due, ms    34   2  function errors  38   1  bytes of the name
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/model/ids.h"
#include "core/model/instant.h"
#include "core/model/lineage.h"
#include "queue/queue.h"
#include "queue/redis/apart.h"

namespace convoke::redis {

inline constexpr std::size_t kEntryHeadSize = 39;
inline constexpr std::size_t kEntryTextMax = 255;  // bytes, of a qualifier and of a name

struct EntryHead {
  CallId id;
  WallTime accepted{};
  WallTime first_due{};
  // Grows whenever the call is written anew, which each end of an attempt does: the high half of
  // its epochs.
  std::uint32_t turn = 1;
  std::uint32_t retries = 0;          // on the wire at most 65,535, and so are
  std::uint32_t function_errors = 0;  // these
  bool maybe_repeated = false;        // an attempt without a recorded end may have run
  bool event_apart = false;           // in the event's place is a reference (apart.h)
  std::uint8_t lineage_bytes = 0;     // at the end: 0, kPackedLineageSize or kStoredLineageMax
};

struct Entry {
  EntryHead head;
  std::string_view qualifier;  // these three are within the bytes that were parsed
  std::string_view name;
  std::string_view event;
  std::optional<Lineage> lineage;
};

// The whole of a call that is to be accepted. Its texts are within kEntryTextMax.
[[nodiscard]] std::string encode(const NewCall& call);
// The same without its event, which lies apart.
[[nodiscard]] std::string encode(const NewCall& call, const ApartEvent& event);
// The fixed head alone, with the lengths of what follows it.
[[nodiscard]] std::string encode(const EntryHead& head, std::size_t qualifier, std::size_t name);
// nullopt: no entry of ours.
[[nodiscard]] std::optional<Entry> parse_entry(std::string_view bytes);

}  // namespace convoke::redis
