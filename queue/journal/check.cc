#include "queue/journal/check.h"

#include <limits>

#include "queue/journal/format.h"
#include "queue/journal/recovery.h"
#include "queue/journal/segment.h"
#include "queue/journal/store.h"

namespace convoke::journal {

Result<std::uint64_t> check_whole(LogDir& dir, std::uint32_t journal) {
  if (auto known = check_format(dir); !known.ok()) return known.error();
  // As if the history had all of it: what it would be told is not gathered.
  const history::Mark all{std::numeric_limits<std::uint64_t>::max(), 0};
  const Options usual;
  auto calls = std::make_unique<Unfinished>(ScratchSpace{[&dir] { return dir.scratch(); }},
                                            usual.calls_in_memory_max);
  const auto recovered = recover(dir, journal, usual.segment_bytes, all, std::move(calls));
  if (!recovered.ok()) return recovered.error();
  recovered->calls->settle(WallTime{});
  return recovered->calls->size();
}

Result<void> check_format(LogDir& dir) {
  const auto names = dir.list();
  if (!names.ok()) return names.error();
  for (const std::string& name : *names) {
    if (!segment_number(name)) continue;
    const auto start = dir.read(name, 0, kFirstRecord);
    if (!start.ok()) return start.error();
    const auto header = decode_header(*start);
    if (!header || header->version == kFormatVersion) continue;
    return Error{ErrorCode::kInternalServerError,
                 name + " has format version " + std::to_string(header->version) +
                     ", and this program reads version " + std::to_string(kFormatVersion) +
                     ": use the program that wrote it, or another state directory"};
  }
  return {};
}

}  // namespace convoke::journal
