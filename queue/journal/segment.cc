#include "queue/journal/segment.h"

#include <algorithm>
#include <charconv>

namespace convoke::journal {
namespace {

constexpr std::string_view kSuffix = ".segment";
constexpr std::size_t kDigits = 8;

}  // namespace

std::string segment_name(std::uint64_t number) {
  std::string digits = std::to_string(number);
  if (digits.size() < kDigits) digits.insert(0, kDigits - digits.size(), '0');
  return digits.append(kSuffix);
}

std::optional<std::uint64_t> segment_number(const std::string& name) {
  if (name.size() <= kSuffix.size()) return std::nullopt;
  const char* const digits_end = name.data() + (name.size() - kSuffix.size());
  std::uint64_t number = 0;
  const auto parsed = std::from_chars(name.data(), digits_end, number);
  if (parsed.ec != std::errc{} || parsed.ptr != digits_end) return std::nullopt;
  if (segment_name(number) != name) return std::nullopt;
  return number;
}

SegmentPool::SegmentPool(LogDir& dir, std::uint64_t segment_bytes, std::uint64_t first_number,
                         const Clock& clock, TimerWheel& wheel, Hooks hooks)
    : dir_(dir),
      segment_bytes_(segment_bytes),
      next_number_(first_number),
      clock_(clock),
      wheel_(wheel),
      hooks_(std::move(hooks)) {}

void SegmentPool::want(std::size_t spares) {
  wanted_ = spares;
  if (!full_) create_next();
}

SegmentFile SegmentPool::take() {
  ENSURE(!spares_.empty());
  SegmentFile file = std::move(spares_.back());
  spares_.pop_back();
  file.file->rewind();
  return file;
}

void SegmentPool::give(SegmentFile file) {
  if (!file.whole || spares_.size() >= wanted_ + kSparesKept) {
    file.file.reset();
    dir_.remove_async(file.name);
    return;
  }
  spares_.push_back(std::move(file));
}

// With spares enough by now (files came back) nothing is created that could show that there is
// room again: whoever wants more finds out.
void SegmentPool::try_again() {
  create_next();
  if (creating_) return;
  full_.reset();
  hooks_.changed();
}

void SegmentPool::create_next() {
  if (creating_ || spares_.size() >= wanted_) return;
  creating_ = true;
  std::string name = segment_name(next_number_++);
  dir_.create_async(name, segment_bytes_, [this, name](Result<std::unique_ptr<LogFile>> file) {
    on_created(name, std::move(file));
  });
}

void SegmentPool::on_created(std::string name, Result<std::unique_ptr<LogFile>> file) {
  creating_ = false;
  if (file.ok()) {
    full_.reset();
    spares_.push_back(SegmentFile{std::move(name), std::move(*file), true});
    create_next();
  } else {
    if (!full_) hooks_.alarm("journal: no room for another segment: " + file.error().message);
    full_ = std::move(file).error();
    wheel_.schedule(retry_, clock_.now() + kCreateRetry);
  }
  hooks_.changed();
}

}  // namespace convoke::journal
