#include "queue/journal/format.h"

#include <lzma.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "queue/journal/bytes.h"

namespace convoke::journal {
namespace {

constexpr std::string_view kMagic = "CONVOKEJ";
constexpr std::size_t kSizeAt = 8;  // within a frame, whose first field is the checksum
constexpr std::size_t kDurableAt = 12;
constexpr std::size_t kIncarnationAt = 16;
constexpr std::size_t kKindAt = 20;
constexpr std::size_t kDetailAt = 21;

std::uint64_t crc(std::string_view bytes, std::uint64_t salt) {
  return lzma_crc64(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size(), salt);
}

template <class T>
void put_at(std::string& out, std::size_t at, T value) {
  std::memcpy(out.data() + at, &value, sizeof value);
}

std::string frame(RecordKind kind, std::uint8_t detail, std::size_t size) {
  std::string out;
  out.reserve(size);
  out.append(kFrameBytes, '\0');
  put_at(out, kSizeAt, static_cast<std::uint32_t>(size));
  put_at(out, kKindAt, static_cast<std::uint8_t>(kind));
  put_at(out, kDetailAt, detail);
  return out;
}

// A whole record whose size was not known when its frame was made.
std::string padded(std::string out) {
  out.resize((out.size() + 7) / 8 * 8, '\0');
  put_at(out, kSizeAt, static_cast<std::uint32_t>(out.size()));
  return out;
}

CallId get_id(std::string_view bytes) {
  std::array<std::uint8_t, 16> raw{};
  std::memcpy(raw.data(), bytes.data(), raw.size());
  return CallId::from_bytes(raw);
}

WallTime get_wall(std::string_view bytes, std::size_t at) {
  return wall_from_ms(get<std::int64_t>(bytes, at));
}

std::optional<HeaderFound> decode_one_header(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes || bytes.substr(0, kMagic.size()) != kMagic) return std::nullopt;
  bytes = bytes.substr(0, kHeaderBytes);
  if (get<std::uint64_t>(bytes, 56) != crc(bytes.substr(0, 56), 0)) return std::nullopt;
  HeaderFound found;
  found.version = get<std::uint32_t>(bytes, 8);
  if (found.version != kFormatVersion) return found;
  found.header.journal = get<std::uint32_t>(bytes, 12);
  found.header.sequence = get<std::uint64_t>(bytes, 16);
  found.header.salt = get<std::uint64_t>(bytes, 24);
  found.header.first_live = get<std::uint64_t>(bytes, 32);
  found.header.previous_end = get<std::uint32_t>(bytes, 40);
  found.header.incarnation = get<std::uint32_t>(bytes, 44);
  return found;
}

// By the frame's detail.
constexpr std::array<std::size_t, 3> kLineageBytes = {0, kPackedLineageSize, kStoredLineageMax};

std::uint8_t detail_of(std::size_t lineage) {
  const auto found = std::find(kLineageBytes.begin(), kLineageBytes.end(), lineage);
  return static_cast<std::uint8_t>(found - kLineageBytes.begin());
}

}  // namespace

std::string encode(const SegmentHeader& header) {
  std::string out(kMagic);
  put(out, kFormatVersion);
  put(out, header.journal);
  put(out, header.sequence);
  put(out, header.salt);
  put(out, header.first_live);
  put(out, header.previous_end);
  put(out, header.incarnation);
  put(out, std::uint64_t{0});
  put(out, crc(out, 0));
  return out + out;
}

std::optional<HeaderFound> decode_header(std::string_view bytes) {
  if (auto first = decode_one_header(bytes)) return first;
  if (bytes.size() < kFirstRecord) return std::nullopt;
  return decode_one_header(bytes.substr(kHeaderBytes));
}

std::uint64_t salt_for(std::uint64_t secret, std::uint32_t journal, std::uint32_t incarnation,
                       std::uint64_t sequence) {
  std::string facts;
  put(facts, journal);
  put(facts, incarnation);
  put(facts, sequence);
  return crc(facts, secret);
}

std::string encode(const AcceptedRecord& record) {
  const StoredLineage lineage = record.lineage ? store_lineage(*record.lineage) : StoredLineage{};
  const std::size_t size = accepted_bytes(record.qualifier.size(), record.name.size(),
                                          record.event.size(), lineage.size);
  std::string out = frame(RecordKind::kAccepted, detail_of(lineage.size), size);
  put(out, record.id);
  put(out, record.function.value);
  put(out, record.order);
  put(out, to_ms(record.accepted));
  put(out, to_ms(record.due));
  put(out, to_ms(record.next));
  put(out, record.function_errors);
  put(out, record.retries);
  put(out, static_cast<std::uint16_t>(record.qualifier.size()));
  put(out, static_cast<std::uint16_t>(record.name.size()));
  put(out, static_cast<std::uint32_t>(record.event.size()));
  out.append(record.qualifier).append(record.name).append(record.event).append(lineage.view());
  out.resize(size, '\0');
  return out;
}

std::string encode(const AttemptRecord& record) {
  std::string out = frame(RecordKind::kAttempt, 0, kAttemptBytes);
  put(out, record.id);
  put(out, to_ms(record.due));
  put(out, record.function_errors);
  put(out, record.retries);
  if (record.told) append(out, *record.told);
  return padded(std::move(out));
}

std::string encode(const FinishedRecord& record) {
  std::string out =
      frame(RecordKind::kFinished, static_cast<std::uint8_t>(record.settlement), kFinishedBytes);
  put(out, record.id);
  put(out, to_ms(record.at));
  if (record.told) append(out, *record.told);
  return padded(std::move(out));
}

std::string encode(const TrimmedRecord& record) {
  std::string out = frame(RecordKind::kTrimmed, 0, kTrimmedBytes);
  put(out, record.first_live);
  return out;
}

void seal(std::string& record, const Seal& seal) {
  put_at(record, kDurableAt, seal.durable);
  put_at(record, kIncarnationAt, seal.incarnation);
  put_at(record, 0, crc(std::string_view(record).substr(kSizeAt), seal.salt));
}

std::uint32_t claimed_size(std::string_view bytes) {
  return bytes.size() < kFrameBytes ? 0 : get<std::uint32_t>(bytes, kSizeAt);
}

std::optional<Record> decode(std::string_view bytes, std::uint64_t salt) {
  const std::uint32_t size = claimed_size(bytes);
  if (size < kTrimmedBytes || size % 8 != 0 || size > bytes.size()) return std::nullopt;
  bytes = bytes.substr(0, size);
  if (get<std::uint64_t>(bytes, 0) != crc(bytes.substr(kSizeAt), salt)) return std::nullopt;
  Record record;
  record.kind = static_cast<RecordKind>(get<std::uint8_t>(bytes, kKindAt));
  record.detail = get<std::uint8_t>(bytes, kDetailAt);
  record.size = size;
  record.durable = get<std::uint32_t>(bytes, kDurableAt);
  record.incarnation = get<std::uint32_t>(bytes, kIncarnationAt);
  record.payload = bytes.substr(kFrameBytes);
  return record;
}

std::optional<AcceptedRecord> as_accepted(const Record& record) {
  const std::string_view in = record.payload;
  constexpr std::size_t kFixed = kAcceptedBytesMin - kFrameBytes;
  if (record.kind != RecordKind::kAccepted || in.size() < kFixed) return std::nullopt;
  const std::size_t qualifier = get<std::uint16_t>(in, 64);
  const std::size_t name = get<std::uint16_t>(in, 66);
  const std::size_t event = get<std::uint32_t>(in, 68);
  if (record.detail >= kLineageBytes.size()) return std::nullopt;
  const std::size_t lineage = kLineageBytes[record.detail];
  if (accepted_bytes(qualifier, name, event, lineage) != record.size) return std::nullopt;
  AcceptedRecord out;
  out.id = get_id(in);
  out.function = FunctionId{get<std::uint64_t>(in, 16)};
  out.order = get<std::uint64_t>(in, 24);
  out.accepted = get_wall(in, 32);
  out.due = get_wall(in, 40);
  out.next = get_wall(in, 48);
  out.function_errors = get<std::uint32_t>(in, 56);
  out.retries = get<std::uint32_t>(in, 60);
  out.qualifier = in.substr(kFixed, qualifier);
  out.name = in.substr(kFixed + qualifier, name);
  out.event = in.substr(kFixed + qualifier + name, event);
  out.lineage = stored_lineage(in.substr(kFixed + qualifier + name + event, lineage));
  return out;
}

std::optional<AttemptRecord> as_attempt(const Record& record) {
  if (record.kind != RecordKind::kAttempt || record.size < kAttemptBytes) return std::nullopt;
  const std::string_view in = record.payload;
  AttemptRecord out{get_id(in), get_wall(in, 16), get<std::uint32_t>(in, 24),
                    get<std::uint32_t>(in, 28), std::nullopt};
  if (record.size == kAttemptBytes) return out;
  out.told = attempt_told(in.substr(kAttemptBytes - kFrameBytes));
  return out.told ? std::optional(std::move(out)) : std::nullopt;
}

std::optional<FinishedRecord> as_finished(const Record& record) {
  if (record.kind != RecordKind::kFinished || record.size < kFinishedBytes) return std::nullopt;
  if (record.detail > static_cast<std::uint8_t>(Settlement::kInvalid)) return std::nullopt;
  const std::string_view in = record.payload;
  FinishedRecord out{get_id(in), get_wall(in, 16), static_cast<Settlement>(record.detail),
                     std::nullopt};
  if (record.size == kFinishedBytes) return out;
  out.told = end_told(in.substr(kFinishedBytes - kFrameBytes));
  return out.told ? std::optional(std::move(out)) : std::nullopt;
}

std::optional<TrimmedRecord> as_trimmed(const Record& record) {
  if (record.kind != RecordKind::kTrimmed || record.size != kTrimmedBytes) return std::nullopt;
  return TrimmedRecord{get<std::uint64_t>(record.payload, 0)};
}

}  // namespace convoke::journal
