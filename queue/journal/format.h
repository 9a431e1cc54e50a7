// The journal's bytes: segment headers and records, as FORMAT.md describes them. Pure.
//
// A record is encoded in two steps: encode() makes it whole but for what only its place decides,
// and seal() adds that (what was durable then, which life wrote it, the checksum).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/model/ids.h"
#include "core/model/instant.h"
#include "core/model/lineage.h"
#include "queue/journal/told.h"
#include "queue/queue.h"

namespace convoke::journal {

inline constexpr std::uint32_t kFormatVersion = 1;
inline constexpr std::size_t kHeaderBytes = 64;                  // one copy of the header
inline constexpr std::size_t kFirstRecord = 2 * kHeaderBytes;    // it stands twice
inline constexpr std::size_t kFrameBytes = 24;                   // before each record's payload
inline constexpr std::size_t kFinishedBytes = kFrameBytes + 24;  // records without a history
inline constexpr std::size_t kAttemptBytes = kFrameBytes + 32;
inline constexpr std::size_t kTrimmedBytes = kFrameBytes + 8;
inline constexpr std::size_t kAcceptedBytesMin = kFrameBytes + 72;
// A result of kResultMax beside an event of 32 MiB (the largest that an engine can be told to take
// asynchronously) that failed.
inline constexpr std::size_t kRecordBytesMax = 34UL << 20;
inline constexpr std::size_t kNameBytesMax = 1024;  // of a call's name, and of its qualifier

enum class RecordKind : std::uint8_t {  // on disk: never renumber
  kAccepted = 1,
  kAttempt = 2,   // an attempt ended, and the call is to run again
  kFinished = 3,  // settled: nothing more will come
  kTrimmed = 4,   // no segment before the one named holds anything alive
};

struct SegmentHeader {
  std::uint32_t journal = 0;
  std::uint64_t sequence = 0;      // counts up within a journal, from 1; never reused once durable
  std::uint64_t salt = 0;          // of this life of the file: older bytes fail every checksum
  std::uint64_t first_live = 0;    // sequence of the oldest segment that may matter
  std::uint32_t previous_end = 0;  // where the segment before this one ends; 0: there is none
  std::uint32_t incarnation = 0;   // of the engine that began this segment

  friend bool operator==(const SegmentHeader&, const SegmentHeader&) = default;
};

// Both copies. decode takes the first that is whole; nullopt: neither is.
[[nodiscard]] std::string encode(const SegmentHeader& header);
struct HeaderFound {
  SegmentHeader header;
  std::uint32_t version = 0;  // when not kFormatVersion, the header's other fields mean nothing
};
[[nodiscard]] std::optional<HeaderFound> decode_header(std::string_view bytes);

// Differs for every life of every segment: incarnations are never reused, nor is a sequence within
// one incarnation. `secret` makes it unknown to those who write events, which could otherwise hold
// what passes for records.
[[nodiscard]] std::uint64_t salt_for(std::uint64_t secret, std::uint32_t journal,
                                     std::uint32_t incarnation, std::uint64_t sequence);

struct AcceptedRecord {
  CallId id;
  FunctionId function;
  std::uint64_t order = 0;  // place in the order of acceptance: see OrderKeys
  WallTime accepted{};
  WallTime due{};   // as accepted: the call's age counts from here
  WallTime next{};  // when it runs next; not `due` only where the record was copied forward, as
  std::uint32_t function_errors = 0;  // are these not 0
  std::uint32_t retries = 0;
  std::string_view qualifier;
  std::string_view name;
  std::string_view event;
  std::optional<Lineage> lineage;  // nullopt: the call has no ancestry
};

struct AttemptRecord {
  CallId id;
  WallTime due{};
  std::uint32_t function_errors = 0;
  std::uint32_t retries = 0;
  std::optional<AttemptTold> told = std::nullopt;  // of calls that have a history
};

struct FinishedRecord {
  CallId id;
  WallTime at{};
  Settlement settlement = Settlement::kSucceeded;
  std::optional<EndTold> told = std::nullopt;  // as above
};

struct TrimmedRecord {
  std::uint64_t first_live = 0;
};

// Rounded up to 8, so that recovery can look for records at every eighth byte.
[[nodiscard]] constexpr std::size_t accepted_bytes(std::size_t qualifier, std::size_t name,
                                                   std::size_t event, std::size_t lineage) {
  return (kAcceptedBytesMin + qualifier + name + event + lineage + 7) / 8 * 8;
}

[[nodiscard]] std::string encode(const AcceptedRecord& record);
[[nodiscard]] std::string encode(const AttemptRecord& record);
[[nodiscard]] std::string encode(const FinishedRecord& record);
[[nodiscard]] std::string encode(const TrimmedRecord& record);

// Who wrote a record, and when in the life of its segment.
struct Seal {
  std::uint64_t salt = 0;
  std::uint32_t durable = 0;  // all bytes of the segment before this offset were durable by then
  std::uint32_t incarnation = 0;
};
void seal(std::string& record, const Seal& seal);

// One whole record whose checksum holds; views into the bytes it was found in.
struct Record {
  RecordKind kind{};
  std::uint8_t detail = 0;  // the settlement, of kFinished; which lineage, of kAccepted
  std::uint32_t size = 0;   // with frame and padding
  std::uint32_t durable = 0;
  std::uint32_t incarnation = 0;
  std::string_view payload;
};

// The record at the start of `bytes`. nullopt: there is none (zeros, torn, damaged, an older life).
[[nodiscard]] std::optional<Record> decode(std::string_view bytes, std::uint64_t salt);
// The size that the bytes claim for the record that starts them, believable or not; 0: too short.
[[nodiscard]] std::uint32_t claimed_size(std::string_view bytes);

// The payload of a record of that kind; nullopt: its fields contradict each other.
[[nodiscard]] std::optional<AcceptedRecord> as_accepted(const Record& record);
[[nodiscard]] std::optional<AttemptRecord> as_attempt(const Record& record);
[[nodiscard]] std::optional<FinishedRecord> as_finished(const Record& record);
[[nodiscard]] std::optional<TrimmedRecord> as_trimmed(const Record& record);

}  // namespace convoke::journal
