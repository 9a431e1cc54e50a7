#include "workers/function_log.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>
#include <ctime>
#include <utility>

namespace convoke {
namespace {

std::string rfc3339_ms(WallTime at) {
  const std::int64_t ms = to_ms(at);
  return fmt::format("{:%FT%T}.{:03}Z", fmt::gmtime(static_cast<std::time_t>(ms / 1000)),
                     ms % 1000);
}

}  // namespace

struct FunctionLog::Work {
  Batch batch;
  std::size_t bytes = 0;
  std::optional<WallTime> trim_at;
};

std::string format_log_line(const LogLine& line) {
  return fmt::format("{} {} {} {}\n", rfc3339_ms(line.at), line.instance_id,
                     line.call.has_value() ? line.call->text() : "-", line.text);
}

FunctionLog::FunctionLog(LogFiles& files, IoThread& thread, std::size_t pending_bytes_max)
    : files_(files),
      thread_(thread),
      pending_bytes_max_(pending_bytes_max),
      self_(std::make_shared<FunctionLog*>(this)) {}

FunctionLog::~FunctionLog() {
  *self_ = nullptr;
  if (batch_.empty()) return;
  auto work = std::make_shared<Work>(Work{std::move(batch_), pending_bytes_, std::nullopt});
  thread_.run([&files = files_, work] { run(files, *work); }, [] {});
}

void FunctionLog::write(const LogLine& line) {
  Lines& lines = batch_[line.function];
  lines.last = line.at;
  const std::string text = format_log_line(line);
  if (pending_bytes_ + text.size() > pending_bytes_max_) {
    ++lines.lost;
    ++lines_lost_;
    return;
  }
  lines.text += text;
  ++lines.count;
  pending_bytes_ += text.size();
}

void FunctionLog::submit(WallTime now) {
  const bool trims = now >= trim_due_;
  // What was lost alone is no reason to trouble a disk that is full: it goes with the next lines.
  if (under_way_ || (pending_bytes_ == 0 && !trims)) return;
  if (trims) trim_due_ = now + kLogTrimEvery;
  auto work = std::make_shared<Work>();
  work->batch = std::exchange(batch_, {});
  work->bytes = pending_bytes_;
  if (trims) work->trim_at = now;
  under_way_ = true;
  thread_.run([&files = files_, work] { run(files, *work); },
              [self = self_, work] {
                if (*self != nullptr) (*self)->on_written(*work);
              });
}

// On the IoThread. Afterwards `lost` counts what the files refused.
void FunctionLog::run(LogFiles& files, Work& work) {
  for (auto& [function, lines] : work.batch) {
    if (lines.lost > 0) {
      lines.text += fmt::format(
          "{} - - {} lines were lost here: the disk was slower than the "
          "output, or full\n",
          rfc3339_ms(lines.last), lines.lost);
    }
    const bool written = files.append(function, lines.last, lines.text).ok();
    lines.lost = written ? 0 : lines.lost + lines.count;
  }
  if (work.trim_at.has_value()) files.trim(*work.trim_at);
}

void FunctionLog::on_written(const Work& work) {
  under_way_ = false;
  pending_bytes_ -= work.bytes;
  for (const auto& [function, lines] : work.batch) {
    if (lines.lost == 0) continue;
    Lines& next = batch_[function];
    next.lost += lines.lost;
    next.last = std::max(next.last, lines.last);
    lines_lost_ += lines.count;
  }
}

}  // namespace convoke
