#include "queue/journal/recovery.h"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>

#include "queue/journal/telling.h"

namespace convoke::journal {
namespace {

constexpr std::size_t kChunkBytes = 1UL << 20;
// Beyond a record that is not whole another one is looked for, as far as two records take: such as
// most journals hold, or the largest that this one was seen to. Damage that is longer passes for a
// torn tail.
constexpr std::size_t kUsualRecordBytesMax = 2UL << 20;
// Of checksums while looking, so that events made to look like records cannot hold up a start.
constexpr std::size_t kLookBudgetBytes = 256UL << 20;

Error damaged(const std::string& name, std::uint64_t offset, const std::string& what) {
  return Error{
      ErrorCode::kInternalServerError,
      "journal: " + name + " is damaged at byte " + std::to_string(offset) + ": " + what +
          "; restore the journal's directory from a copy, or move it away to start without "
          "the calls in it"};
}

// One segment's bytes, a chunk at a time.
class Bytes {
 public:
  Bytes(LogDir& dir, std::string name) : dir_(dir), name_(std::move(name)) {}

  // From `offset`, `size` bytes or as many as there are; valid until the next call.
  Result<std::string_view> at(std::uint64_t offset, std::size_t size) {
    const bool held = offset >= start_ && offset + size <= start_ + held_.size();
    if (!held) {
      auto read = dir_.read(name_, offset, std::max(size, kChunkBytes));
      if (!read.ok()) return read.error();
      held_ = std::move(*read);
      start_ = offset;
    }
    return std::string_view(held_).substr(offset - start_, size);
  }

 private:
  LogDir& dir_;
  std::string name_;
  std::string held_;
  std::uint64_t start_ = 0;
};

struct Found {
  std::string name;
  SegmentHeader header;
  std::uint32_t end = 0;
};

class Recovery {
 public:
  Recovery(LogDir& dir, std::uint32_t journal, std::uint64_t segment_bytes,
           const history::Mark& mark, std::unique_ptr<Unfinished> calls)
      : dir_(dir), journal_(journal), segment_bytes_(segment_bytes) {
    out_.told_upto = mark;
    out_.calls = std::move(calls);
  }

  Result<Recovered> run() {
    if (auto found = find_segments(); !found.ok()) return found.error();
    if (!by_sequence_.empty()) {
      if (auto trimmed = find_first_live(); !trimmed.ok()) return trimmed.error();
      if (auto replayed = replay_all(); !replayed.ok()) return replayed.error();
    }
    if (auto synced = sync_tail(); !synced.ok()) return synced.error();
    if (auto opened = open_all(); !opened.ok()) return opened.error();
    return std::move(out_);
  }

 private:
  using Visit = std::function<void(const Found&, std::uint32_t, const Record&)>;

  Result<void> find_segments();
  Result<void> place_segment(const std::string& name, const HeaderFound& found);
  Result<void> find_first_live();
  Result<void> replay_all();
  Result<void> sync_tail();
  Result<void> open_all();
  Result<SegmentFile> open(const std::string& name, std::uint32_t end);
  Result<std::uint32_t> scan(const Found& segment, std::optional<std::uint32_t> end,
                             const Visit& visit);
  Result<std::optional<Record>> record_at(Bytes& bytes, std::uint64_t offset, std::uint64_t salt);
  Result<void> look_for_damage(Bytes& bytes, const Found& segment, std::uint32_t end);
  using Tell = Unfinished::Tell;
  void replay(const Found& segment, std::uint32_t offset, const Record& record, Tell tell);
  [[nodiscard]] Tell tell(const Found& segment, std::uint32_t offset, const Record& record);

  LogDir& dir_;
  std::uint32_t journal_;
  std::uint64_t segment_bytes_;
  std::map<std::uint64_t, Found> by_sequence_;
  std::vector<std::string> free_;
  std::uint64_t first_live_ = 0;
  std::size_t largest_ = kUsualRecordBytesMax;  // claimed by one that is not whole, too
  Recovered out_;
};

Result<void> Recovery::find_segments() {
  const auto names = dir_.list();
  if (!names.ok()) return names.error();
  for (const std::string& name : *names) {
    const auto number = segment_number(name);
    if (!number) continue;
    out_.next_number = std::max(out_.next_number, *number + 1);
    const auto start = dir_.read(name, 0, kFirstRecord);
    if (!start.ok()) return start.error();
    const auto header = decode_header(*start);
    if (!header) {
      free_.push_back(name);
    } else if (auto placed = place_segment(name, *header); !placed.ok()) {
      return placed;
    }
  }
  return {};
}

Result<void> Recovery::place_segment(const std::string& name, const HeaderFound& found) {
  if (found.version != kFormatVersion) {
    return Error{ErrorCode::kInternalServerError,
                 "journal: " + name + " has format version " + std::to_string(found.version) +
                     ", this engine reads " + std::to_string(kFormatVersion)};
  }
  if (found.header.journal != journal_) {
    return Error{ErrorCode::kInternalServerError, "journal: " + name + " belongs to journal " +
                                                      std::to_string(found.header.journal) +
                                                      ", not " + std::to_string(journal_)};
  }
  const auto [at, fresh] =
      by_sequence_.try_emplace(found.header.sequence, Found{name, found.header, 0});
  if (!fresh) return damaged(name, 0, "it has the same place as " + at->second.name);
  return {};
}

// The last segment knows: by its header, or by a trim recorded in it since.
Result<void> Recovery::find_first_live() {
  Found& last = by_sequence_.rbegin()->second;
  first_live_ = last.header.first_live;
  out_.last_sequence = last.header.sequence;
  const auto end =
      scan(last, std::nullopt, [this](const Found&, std::uint32_t, const Record& record) {
        if (const auto trimmed = as_trimmed(record)) {
          first_live_ = std::max(first_live_, trimmed->first_live);
        }
        out_.durable = std::max(out_.durable, record.durable);
      });
  if (!end.ok()) return end.error();
  last.end = *end;
  return {};
}

Result<void> Recovery::replay_all() {
  std::uint64_t expected = first_live_;
  for (auto& [sequence, segment] : by_sequence_) {
    if (sequence < first_live_) continue;
    if (sequence != expected) {
      return damaged(segment.name, 0,
                     "the segment before it, " + std::to_string(expected) +
                         " in order, is missing or has lost its header");
    }
    ++expected;
    if (const auto next = by_sequence_.find(sequence + 1); next != by_sequence_.end()) {
      segment.end = next->second.header.previous_end;
    }
    const auto end = scan(segment, segment.end,
                          [this](const Found& in, std::uint32_t offset, const Record& record) {
                            replay(in, offset, record, tell(in, offset, record));
                          });
    if (!end.ok()) return end.error();
  }
  return {};
}

// What the history is told must be durable here first, or a power failure could leave it ahead.
Result<void> Recovery::sync_tail() {
  if (by_sequence_.empty()) return {};
  return dir_.sync(by_sequence_.rbegin()->second.name);
}

Result<void> Recovery::open_all() {
  for (const auto& [sequence, found] : by_sequence_) {
    auto file = open(found.name, found.end);
    if (!file.ok()) return file.error();
    auto segment = std::make_unique<Segment>();
    segment->capacity = file->whole ? static_cast<std::uint32_t>(segment_bytes_) : found.end;
    segment->file = std::move(*file);
    segment->sequence = sequence;
    segment->salt = found.header.salt;
    segment->end = found.end;
    (sequence < first_live_ ? out_.trimmed : out_.segments).push_back(std::move(segment));
  }
  for (const std::string& name : free_) {
    auto file = open(name, 0);
    if (!file.ok()) return file.error();
    out_.free.push_back(std::move(*file));
  }
  return {};
}

Result<SegmentFile> Recovery::open(const std::string& name, std::uint32_t end) {
  const auto last_byte = dir_.read(name, segment_bytes_ - 1, 1);
  if (!last_byte.ok()) return last_byte.error();
  auto file = dir_.open(name, end);
  if (!file.ok()) return file.error();
  return SegmentFile{name, std::move(*file), last_byte->size() == 1};
}

// Visits every record up to `end`, where that is known; else to the first that is not whole.
Result<std::uint32_t> Recovery::scan(const Found& segment, std::optional<std::uint32_t> end,
                                     const Visit& visit) {
  Bytes bytes(dir_, segment.name);
  std::uint32_t offset = kFirstRecord;
  std::uint32_t incarnation = segment.header.incarnation;
  while (!end || offset < *end) {
    const auto record = record_at(bytes, offset, segment.header.salt);
    if (!record.ok()) return record.error();
    // A record of an earlier life of the engine, after one of a later: it was cut off before.
    const bool whole = record->has_value() && (*record)->incarnation >= incarnation;
    if (!whole && end) return damaged(segment.name, offset, "a record there is not whole");
    if (!whole) {
      if (auto clean = look_for_damage(bytes, segment, offset); !clean.ok()) return clean.error();
      return offset;
    }
    incarnation = (*record)->incarnation;
    visit(segment, offset, **record);
    offset += (*record)->size;
  }
  return offset;
}

Result<std::optional<Record>> Recovery::record_at(Bytes& bytes, std::uint64_t offset,
                                                  std::uint64_t salt) {
  const auto frame = bytes.at(offset, kFrameBytes);
  if (!frame.ok()) return frame.error();
  const std::size_t size = claimed_size(*frame);
  if (size < kFrameBytes || size > kRecordBytesMax) return std::optional<Record>{};
  const auto whole = bytes.at(offset, size);
  if (!whole.ok()) return whole.error();
  largest_ = std::max(largest_, size);
  return decode(*whole, salt);
}

Result<void> Recovery::look_for_damage(Bytes& bytes, const Found& segment, std::uint32_t end) {
  const std::size_t look_ahead = 2 * largest_;
  const auto frame_or = bytes.at(end, look_ahead + largest_);
  if (!frame_or.ok()) return frame_or.error();
  const std::string_view ahead = *frame_or;
  std::size_t budget = kLookBudgetBytes;
  for (std::size_t at = 8; at + kFrameBytes <= ahead.size() && at < look_ahead; at += 8) {
    const std::size_t size = claimed_size(ahead.substr(at));
    if (size < kFrameBytes || size > kRecordBytesMax || size % 8 != 0) continue;
    if (size > budget) return {};
    budget -= size;
    const auto record = decode(ahead.substr(at), segment.header.salt);
    if (record && record->durable > end) {
      return damaged(
          segment.name, end,
          "a record there is not whole, but was durable before one at " + std::to_string(end + at));
    }
  }
  return {};
}

void Recovery::replay(const Found& segment, std::uint32_t offset, const Record& record, Tell tell) {
  if (const auto accepted = as_accepted(record)) {
    CallNote call;
    call.id = accepted->id;
    call.function = accepted->function;
    call.order = accepted->order;
    call.accepted = accepted->accepted;
    call.due = accepted->next;
    call.first_due = accepted->due;
    call.function_errors = accepted->function_errors;
    call.retries = accepted->retries;
    call.name = accepted->name;
    call.journal = journal_;
    call.segment = segment.header.sequence;
    call.offset = offset;
    call.size = record.size;
    call.maybe_repeated = true;
    out_.calls->accepted(std::move(call));
  } else if (const auto attempt = as_attempt(record)) {
    out_.calls->attempt(*attempt);
  } else if (const auto finished = as_finished(record)) {
    out_.calls->finished(*finished, tell);
  }
}

// kYes: the history has not taken it in.
Recovery::Tell Recovery::tell(const Found& segment, std::uint32_t offset, const Record& record) {
  if (history::Mark{segment.header.sequence, offset} < out_.told_upto) return Tell::kNo;
  out_.told_upto = history::Mark{segment.header.sequence, offset + record.size};
  for (history::Fact& fact : facts_of(record)) out_.facts.push_back(std::move(fact));
  return Tell::kYes;
}

}  // namespace

Result<Recovered> recover(LogDir& dir, std::uint32_t journal, std::uint64_t segment_bytes,
                          const history::Mark& mark, std::unique_ptr<Unfinished> calls) {
  return Recovery(dir, journal, segment_bytes, mark, std::move(calls)).run();
}

}  // namespace convoke::journal
