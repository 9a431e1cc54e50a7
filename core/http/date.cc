#include "core/http/date.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>

namespace convoke::http {
namespace {

constexpr std::string_view kShape = "Aaa, 00 Aaa 0000 00:00:00 GMT";
constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

bool has_the_shape(std::string_view text) {
  if (text.size() != kShape.size() || text.substr(26) != "GMT") return false;
  for (std::size_t i = 0; i < 26; ++i) {
    const bool fits = kShape[i] == '0'       ? is_digit(text[i])
                      : is_letter(kShape[i]) ? is_letter(text[i])
                                             : text[i] == kShape[i];
    if (!fits) return false;
  }
  return true;
}

unsigned number_in(std::string_view digits) {
  unsigned number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

}  // namespace

std::string write_date(WallTime time) {
  const std::int64_t second = to_ms(time) / 1000;
  return fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(static_cast<std::time_t>(second)));
}

std::optional<WallTime> read_date(std::string_view text) {
  if (!has_the_shape(text)) return std::nullopt;
  const std::size_t month = kMonths.find(text.substr(8, 3));
  if (month == std::string_view::npos || month % 3 != 0) return std::nullopt;
  const std::chrono::year_month_day day{
      std::chrono::year{static_cast<int>(number_in(text.substr(12, 4)))},
      std::chrono::month{static_cast<unsigned>(month / 3 + 1)},
      std::chrono::day{number_in(text.substr(5, 2))}};
  const unsigned hour = number_in(text.substr(17, 2));
  const unsigned minute = number_in(text.substr(20, 2));
  const unsigned second = number_in(text.substr(23, 2));
  if (!day.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  const auto since_midnight =
      std::chrono::hours{hour} + std::chrono::minutes{minute} + Seconds{second};
  return WallTime{std::chrono::sys_days{day}.time_since_epoch() + since_midnight};
}

}  // namespace convoke::http
