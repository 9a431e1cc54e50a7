#include "queue/history/token.h"

#include <fmt/core.h>

#include <charconv>

namespace convoke::history {
namespace {

constexpr std::size_t kDigits = 16;  // of 64 bits

std::optional<std::uint64_t> hex(std::string_view digits) {
  std::uint64_t value = 0;
  const char* end = digits.data() + digits.size();
  const auto [stopped, error] = std::from_chars(digits.data(), end, value, 16);
  if (error != std::errc{} || stopped != end) return std::nullopt;
  return value;
}

// FNV-1a.
class Fingerprint {
 public:
  Fingerprint& add(std::string_view text);
  Fingerprint& add(std::uint64_t value);
  [[nodiscard]] std::uint64_t value() const { return value_; }

 private:
  void add_byte(std::uint8_t byte) { value_ = (value_ ^ byte) * 0x100000001b3; }
  std::uint64_t value_ = 0xcbf29ce484222325;
};

Fingerprint& Fingerprint::add(std::uint64_t value) {
  for (int shift = 0; shift < 64; shift += 8) add_byte(static_cast<std::uint8_t>(value >> shift));
  return *this;
}

Fingerprint& Fingerprint::add(std::string_view text) {
  add(std::uint64_t{text.size()});  // so that "ab","c" is not "a","bc"
  for (const char byte : text) add_byte(static_cast<std::uint8_t>(byte));
  return *this;
}

std::uint64_t value_of(const std::optional<WallTime>& time) {
  return time ? static_cast<std::uint64_t>(to_ms(*time)) : UINT64_MAX;
}

}  // namespace

std::uint64_t fingerprint_of(const ListQuery& query) {
  return Fingerprint{}
      .add("list")
      .add(query.function.value)
      .add(std::uint64_t{query.qualifier.has_value()})
      .add(query.qualifier.value_or(""))
      .add(query.state ? static_cast<std::uint64_t>(*query.state) : UINT64_MAX)
      .add(value_of(query.started_begin))
      .add(value_of(query.started_end))
      .add(query.name_prefix)
      .add(static_cast<std::uint64_t>(query.order))
      .value();
}

std::uint64_t fingerprint_of(const FailedQuery& query) {
  return Fingerprint{}
      .add("failed")
      .add(std::uint64_t{query.function.has_value()})
      .add(query.function.value_or(FunctionId{}).value)
      .add(static_cast<std::uint64_t>(query.order))
      .value();
}

std::string token_for(const Position& last, std::uint64_t query) {
  return fmt::format("{:016x}{:016x}{:016x}", query,
                     static_cast<std::uint64_t>(to_ms(last.accepted)),
                     static_cast<std::uint64_t>(last.number));
}

std::optional<Position> position_in(std::string_view token, std::uint64_t query) {
  if (token.size() != 3 * kDigits) return std::nullopt;
  const auto made_by = hex(token.substr(0, kDigits));
  const auto accepted = hex(token.substr(kDigits, kDigits));
  const auto number = hex(token.substr(2 * kDigits));
  if (!made_by || !accepted || !number || *made_by != query) return std::nullopt;
  return Position{wall_from_ms(static_cast<std::int64_t>(*accepted)),
                  static_cast<std::int64_t>(*number)};
}

std::string token_for(const Place& last, std::uint64_t query) {
  return fmt::format("{:016x}{:016x}{}", query, static_cast<std::uint64_t>(to_ms(last.accepted)),
                     last.id.text());
}

std::optional<Place> place_in(std::string_view token, std::uint64_t query) {
  if (token.size() < 2 * kDigits) return std::nullopt;
  const auto made_by = hex(token.substr(0, kDigits));
  const auto accepted = hex(token.substr(kDigits, kDigits));
  const auto id = CallId::parse(token.substr(2 * kDigits));
  if (!made_by || !accepted || !id || *made_by != query) return std::nullopt;
  return Place{wall_from_ms(static_cast<std::int64_t>(*accepted)), *id};
}

}  // namespace convoke::history
