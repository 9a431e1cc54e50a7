#include "workers/log_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <numeric>

namespace convoke {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSuffix = ".log";

std::uint64_t free_bytes_of(const std::string& directory) {
  std::error_code error;
  const fs::space_info space = fs::space(directory, error);
  return error ? 0 : space.available;
}

template <class Number>
std::optional<Number> number_in(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<std::int64_t> first_ms_of(const std::string& name) {
  if (name.size() <= kSuffix.size() || !std::string_view(name).ends_with(kSuffix)) {
    return std::nullopt;
  }
  return number_in<std::int64_t>(std::string_view(name).substr(0, name.size() - kSuffix.size()));
}

bool ends_torn(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file || file.tellg() <= 0) return false;
  file.seekg(-1, std::ios::end);
  return file.get() != '\n';
}

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// "TIME INSTANCE CALL text": the third field.
bool belongs_to(std::string_view line, std::string_view call) {
  const std::size_t instance = line.find(' ');
  if (instance == std::string_view::npos) return false;
  const std::size_t id = line.find(' ', instance + 1);
  return id != std::string_view::npos && line.substr(id + 1).starts_with(call);
}

// Collects lines from the newest back to the oldest.
class TailReader {
 public:
  TailReader(std::size_t lines_max, const std::optional<CallId>& call)
      : lines_left_(std::min(lines_max, kTailLinesMax)), call_(call ? call->text() + ' ' : "") {}

  [[nodiscard]] bool full() const { return lines_left_ == 0; }

  void take(std::string_view content) {
    while (!content.empty() && !full()) {
      if (content.back() == '\n') content.remove_suffix(1);
      const std::size_t start = content.rfind('\n') + 1;  // npos + 1 == 0
      take_line(content.substr(start));
      content = content.substr(0, start);
    }
  }

  [[nodiscard]] std::vector<std::string> lines() && {
    std::reverse(lines_.begin(), lines_.end());
    return std::move(lines_);
  }

 private:
  void take_line(std::string_view line) {
    if (!call_.empty() && !belongs_to(line, call_)) return;
    if (bytes_ + line.size() > kTailBytesMax) {
      lines_left_ = 0;
      return;
    }
    bytes_ += line.size();
    --lines_left_;
    lines_.emplace_back(line);
  }

  std::size_t lines_left_;
  const std::string call_;
  std::size_t bytes_ = 0;
  std::vector<std::string> lines_;
};

}  // namespace

LogFiles::LogFiles(LogFilesOptions options) : LogFiles(std::move(options), free_bytes_of) {}

LogFiles::LogFiles(LogFilesOptions options, FreeBytes free_bytes)
    : options_(std::move(options)), free_bytes_(std::move(free_bytes)) {}

Result<void> LogFiles::append(FunctionId function, WallTime at, std::string_view lines) {
  const std::lock_guard lock(mutex_);
  std::error_code error;
  fs::create_directories(directory_of(function), error);
  if (free_bytes_(options_.directory) < options_.free_bytes_min + lines.size()) {
    return Error{ErrorCode::kServiceUnavailable, "the disk is short of room for logs"};
  }
  Segments& segments = segments_of(function);
  keep_within_age(function, segments, at);
  keep_within_bytes(function, segments, lines.size());
  Segment& segment = segment_for(function, segments, at, lines.size());
  std::ofstream file(path_of(function, segment), std::ios::binary | std::ios::app);
  file.write(lines.data(), static_cast<std::streamsize>(lines.size()));
  file.close();
  segment.bytes += lines.size();
  if (file.good()) return {};
  segment.torn = true;
  return Error{ErrorCode::kServiceUnavailable, "a log could not be written"};
}

// The newest segment, or a new one if that is full, old or torn.
LogFiles::Segment& LogFiles::segment_for(FunctionId /*function*/, Segments& segments, WallTime at,
                                         std::size_t bytes) const {
  if (!segments.empty()) {
    Segment& newest = segments.back();
    const bool has_room = newest.bytes + bytes <= options_.segment_bytes_max;
    const bool is_young = wall_from_ms(newest.first_ms) + options_.segment_age_max > at;
    if (has_room && is_young && !newest.torn) return newest;
  }
  const std::int64_t after = segments.empty() ? 0 : segments.back().first_ms + 1;
  segments.push_back({std::max(to_ms(at), after), 0, false});
  return segments.back();
}

void LogFiles::drop_oldest(FunctionId function, Segments& segments, std::size_t count) const {
  std::error_code error;
  for (std::size_t i = 0; i < count; ++i) fs::remove(path_of(function, segments[i]), error);
  segments.erase(segments.begin(), segments.begin() + static_cast<std::ptrdiff_t>(count));
}

void LogFiles::keep_within_bytes(FunctionId function, Segments& segments,
                                 std::size_t coming) const {
  std::uint64_t total = coming;
  for (const Segment& segment : segments) total += segment.bytes;
  std::size_t count = 0;
  while (total > options_.bytes_max && count < segments.size()) total -= segments[count++].bytes;
  drop_oldest(function, segments, count);
}

void LogFiles::keep_within_age(FunctionId function, Segments& segments, WallTime now) const {
  const std::int64_t oldest = to_ms(now - options_.age_max);
  const auto segment_end = [&](std::size_t i) {
    return i + 1 < segments.size() ? segments[i + 1].first_ms
                                   : segments[i].first_ms + options_.segment_age_max.count();
  };
  std::size_t count = 0;
  while (count < segments.size() && segment_end(count) < oldest) ++count;
  drop_oldest(function, segments, count);
}

std::vector<std::string> LogFiles::read_tail(FunctionId function, std::size_t lines_max,
                                             const std::optional<CallId>& call) {
  const std::lock_guard lock(mutex_);
  TailReader reader(lines_max, call);
  const Segments& segments = segments_of(function);
  for (auto segment = segments.rbegin(); segment != segments.rend() && !reader.full(); ++segment) {
    reader.take(content_of(path_of(function, *segment)));
  }
  return std::move(reader).lines();
}

void LogFiles::trim(WallTime now) {
  const std::lock_guard lock(mutex_);
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(options_.directory, error)) {
    const auto id = number_in<std::uint64_t>(entry.path().filename().string());
    if (id.has_value()) keep_within_age({*id}, segments_of({*id}), now);
  }
}

void LogFiles::remove(FunctionId function) {
  const std::lock_guard lock(mutex_);
  std::error_code error;
  fs::remove_all(directory_of(function), error);
  known_.erase(function);
}

std::string LogFiles::directory_of(FunctionId function) const {
  return fmt::format("{}/{}", options_.directory, function.value);
}

std::string LogFiles::path_of(FunctionId function, const Segment& segment) const {
  return fmt::format("{}/{}{}", directory_of(function), segment.first_ms, kSuffix);
}

LogFiles::Segments& LogFiles::segments_of(FunctionId function) {
  const auto [entry, is_new] = known_.try_emplace(function);
  if (is_new) entry->second = scan(function);
  return entry->second;
}

LogFiles::Segments LogFiles::scan(FunctionId function) const {
  Segments segments;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory_of(function), error)) {
    const auto first_ms = first_ms_of(entry.path().filename().string());
    if (!first_ms.has_value()) continue;
    segments.push_back({*first_ms, entry.file_size(error), ends_torn(entry.path().string())});
  }
  std::sort(segments.begin(), segments.end(),
            [](const Segment& a, const Segment& b) { return a.first_ms < b.first_ms; });
  return segments;
}

}  // namespace convoke
