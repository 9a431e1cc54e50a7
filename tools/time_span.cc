#include "tools/time_span.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>

namespace convoke::cli {
namespace {

using std::chrono::milliseconds;

struct Unit {
  std::string_view name;
  milliseconds length;
};
constexpr std::array kUnits = {Unit{"d", std::chrono::hours{24}}, Unit{"h", std::chrono::hours{1}},
                               Unit{"m", std::chrono::minutes{1}},
                               Unit{"s", std::chrono::seconds{1}}, Unit{"ms", milliseconds{1}}};
constexpr std::chrono::hours kSpanMax{24 * 36'500};

Failure no_time_span(std::string_view text) {
  return usage_failure(
      fmt::format("'{}' is no span of time: a number and ms, s, m, h or d, as in 24h", text));
}

}  // namespace

Outcome<milliseconds> parse_time_span(std::string_view text) {
  double count = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc()) return no_time_span(text);
  std::string_view unit = text.substr(static_cast<std::size_t>(rest - text.data()));
  if (unit.empty()) unit = "s";
  for (const Unit& known : kUnits) {
    if (unit != known.name) continue;
    const double ms = count * static_cast<double>(known.length.count());
    const bool allowed = ms >= 0 && ms <= static_cast<double>(milliseconds(kSpanMax).count());
    if (!allowed) return no_time_span(text);
    return milliseconds{std::llround(ms)};
  }
  return no_time_span(text);
}

std::string time_span_text(milliseconds span) {
  std::string text;
  for (const Unit& unit : kUnits) {
    const auto count = span / unit.length;
    span %= unit.length;
    if (count != 0) text += fmt::format("{}{}{}", text.empty() ? "" : " ", count, unit.name);
  }
  return text.empty() ? "0s" : text;
}

}  // namespace convoke::cli
