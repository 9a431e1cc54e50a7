#include "queue/redis/entry.h"

#include <algorithm>

#include "queue/redis/bytes.h"

namespace convoke::redis {
namespace {

constexpr std::uint64_t kMaybeRepeated = 1;
constexpr std::uint64_t kEventApart = 2;
constexpr std::uint64_t kLineage = 4;
constexpr std::uint64_t kTrace = 8;  // behind the lineage
constexpr std::size_t kTraceSize = kStoredLineageMax - kPackedLineageSize;
constexpr std::uint64_t kCountMax = 0xffff;

std::size_t lineage_bytes_of(std::uint64_t flags) {
  const std::size_t lineage = (flags & kLineage) != 0 ? kPackedLineageSize : 0;
  return lineage + ((flags & kTrace) != 0 ? kTraceSize : 0);
}

std::uint64_t flags_of(const EntryHead& head) {
  return (head.maybe_repeated ? kMaybeRepeated : 0) | (head.event_apart ? kEventApart : 0) |
         (head.lineage_bytes >= kPackedLineageSize ? kLineage : 0) |
         (head.lineage_bytes == kStoredLineageMax ? kTrace : 0);
}

EntryHead parse_head(std::string_view bytes) {
  EntryHead head;
  head.id = get_call_id(bytes);
  head.accepted = get_wall(bytes, 16);
  head.first_due = get_wall(bytes, 22);
  head.turn = static_cast<std::uint32_t>(get(bytes, 28, 4));
  head.retries = static_cast<std::uint32_t>(get(bytes, 32, 2));
  head.function_errors = static_cast<std::uint32_t>(get(bytes, 34, 2));
  head.maybe_repeated = (get(bytes, 36, 1) & kMaybeRepeated) != 0;
  head.event_apart = (get(bytes, 36, 1) & kEventApart) != 0;
  head.lineage_bytes = static_cast<std::uint8_t>(lineage_bytes_of(get(bytes, 36, 1)));
  return head;
}

std::string encode_with(const NewCall& call, bool apart, std::string_view event) {
  EntryHead head;
  head.id = call.id;
  head.accepted = call.accepted;
  head.first_due = call.due;
  head.event_apart = apart;
  const StoredLineage lineage = call.lineage ? store_lineage(*call.lineage) : StoredLineage{};
  head.lineage_bytes = static_cast<std::uint8_t>(lineage.size);
  std::string out = encode(head, call.qualifier.size(), call.name.size());
  out.reserve(out.size() + call.qualifier.size() + call.name.size() + event.size() + lineage.size);
  return out.append(call.qualifier).append(call.name).append(event).append(lineage.view());
}

}  // namespace

std::string encode(const EntryHead& head, std::size_t qualifier, std::size_t name) {
  std::string out;
  out.reserve(kEntryHeadSize);
  out.append(bytes_of(head.id));
  put(out, head.accepted);
  put(out, head.first_due);
  put(out, head.turn, 4);
  put(out, std::min<std::uint64_t>(head.retries, kCountMax), 2);
  put(out, std::min<std::uint64_t>(head.function_errors, kCountMax), 2);
  put(out, flags_of(head), 1);
  put(out, qualifier, 1);
  put(out, name, 1);
  return out;
}

std::string encode(const NewCall& call) { return encode_with(call, false, call.event); }

std::string encode(const NewCall& call, const ApartEvent& event) {
  return encode_with(call, true, encode(event));
}

std::optional<Entry> parse_entry(std::string_view bytes) {
  if (bytes.size() < kEntryHeadSize) return std::nullopt;
  const std::size_t qualifier = get(bytes, 37, 1);
  const std::size_t name = get(bytes, 38, 1);
  if (bytes.size() - kEntryHeadSize < qualifier + name) return std::nullopt;
  Entry entry;
  entry.head = parse_head(bytes);
  const std::size_t lineage = entry.head.lineage_bytes;
  bytes.remove_prefix(kEntryHeadSize);
  if (bytes.size() - qualifier - name < lineage) return std::nullopt;
  entry.lineage = stored_lineage(bytes.substr(bytes.size() - lineage));
  bytes.remove_suffix(lineage);
  entry.qualifier = bytes.substr(0, qualifier);
  entry.name = bytes.substr(qualifier, name);
  entry.event = bytes.substr(qualifier + name);
  return entry;
}

}  // namespace convoke::redis
