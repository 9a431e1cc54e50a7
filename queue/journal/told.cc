#include "queue/journal/told.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "queue/journal/bytes.h"

namespace convoke::journal {
namespace {

constexpr std::uint32_t kResultCut = 1;
constexpr std::uint32_t kHasEvent = 2;
constexpr std::size_t kPaddingMax = 7;

void put_short(std::string& out, std::string_view text) {
  constexpr std::size_t kMax = std::numeric_limits<std::uint16_t>::max();
  text = text.substr(0, kMax);
  put(out, static_cast<std::uint16_t>(text.size()));
  out.append(text);
}

void put_long(std::string& out, std::string_view text) {
  put(out, static_cast<std::uint32_t>(text.size()));
  out.append(text);
}

// Takes fields from the front; once one is not all there, nothing more is.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : left_(bytes) {}

  template <class T>
  T number() {
    T value{};
    const std::string_view bytes = take(sizeof value);
    if (!failed_) std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }
  WallTime wall() { return wall_from_ms(number<std::int64_t>()); }
  std::string short_text() { return std::string(take(number<std::uint16_t>())); }
  std::string long_text() { return std::string(take(number<std::uint32_t>())); }

  // All of it was taken, but for the record's padding.
  [[nodiscard]] bool ended() const {
    return !failed_ && left_.size() <= kPaddingMax &&
           std::all_of(left_.begin(), left_.end(), [](char c) { return c == '\0'; });
  }

 private:
  std::string_view take(std::size_t size) {
    failed_ = failed_ || size > left_.size();
    if (failed_) return {};
    const std::string_view taken = left_.substr(0, size);
    left_.remove_prefix(size);
    return taken;
  }

  std::string_view left_;
  bool failed_ = false;
};

void put_report(std::string& out, const AttemptReport& report) {
  put(out, to_ms(report.dequeued));
  put(out, to_ms(report.started));
  put(out, std::int64_t{report.duration.count()});
  put_short(out, report.instance_id.substr(0, kReportTextMax));
  put_short(out, report.error.substr(0, kReportTextMax));
  put_short(out, report.message.substr(0, kReportMessageMax));
}

AttemptReport get_report(Reader& in) {
  AttemptReport report;
  report.dequeued = in.wall();
  report.started = in.wall();
  report.duration = Millis{in.number<std::int64_t>()};
  report.instance_id = in.short_text();
  report.error = in.short_text();
  report.message = in.short_text();
  return report;
}

}  // namespace

void append(std::string& out, const AttemptTold& told) {
  put(out, to_ms(told.at));
  put_report(out, told.report);
}

void append(std::string& out, const EndTold& told) {
  put(out, told.function.value);
  put(out, to_ms(told.accepted));
  put(out, to_ms(told.due));
  put(out, told.retries);
  put(out, (told.result_cut ? kResultCut : 0U) | (told.event ? kHasEvent : 0U));
  put_report(out, told.report);
  put_short(out, told.qualifier);
  put_short(out, told.name);
  put_short(out, told.destination_status);
  put_long(out, told.result);
  if (told.event) put_long(out, *told.event);
}

std::optional<AttemptTold> attempt_told(std::string_view bytes) {
  Reader in(bytes);
  AttemptTold told;
  told.at = in.wall();
  told.report = get_report(in);
  return in.ended() ? std::optional(std::move(told)) : std::nullopt;
}

std::optional<EndTold> end_told(std::string_view bytes) {
  Reader in(bytes);
  EndTold told;
  told.function = FunctionId{in.number<std::uint64_t>()};
  told.accepted = in.wall();
  told.due = in.wall();
  told.retries = in.number<std::uint32_t>();
  const auto flags = in.number<std::uint32_t>();
  told.result_cut = (flags & kResultCut) != 0;
  told.report = get_report(in);
  told.qualifier = in.short_text();
  told.name = in.short_text();
  told.destination_status = in.short_text();
  told.result = in.long_text();
  if ((flags & kHasEvent) != 0) told.event = std::make_shared<const std::string>(in.long_text());
  return in.ended() ? std::optional(std::move(told)) : std::nullopt;
}

}  // namespace convoke::journal
