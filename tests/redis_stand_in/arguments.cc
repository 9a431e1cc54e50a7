#include "tests/redis_stand_in/arguments.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace convoke::stand_in {
namespace {

template <class Number>
bool read(std::string_view word, Number& number) {
  const char* const end = word.data() + word.size();
  const auto [rest, error] = std::from_chars(word.data(), end, number);
  return error == std::errc{} && rest == end;
}

std::optional<double> parse_double(const std::string& word) {
  char* end = nullptr;
  const double number = std::strtod(word.c_str(), &end);
  if (end != word.c_str() + word.size() || std::isnan(number)) return std::nullopt;
  return number;
}

StreamId id_of(std::string_view word, std::uint64_t sequence) {
  if (word == "-") return kFirstId;
  if (word == "+") return kLastId;
  return strict_id_of(word, sequence);
}

}  // namespace

std::string in_lower_case(std::string_view word) {
  std::string lower(word);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

bool is_option(const std::string& word, std::string_view option) {
  return in_lower_case(word) == in_lower_case(option);
}

// As Redis does: no sign but '-', no zero in front.
std::optional<std::int64_t> parse_integer(std::string_view word) {
  std::int64_t number = 0;
  if (!read(word, number) || std::to_string(number) != word) return std::nullopt;
  return number;
}

std::int64_t integer_of(const std::string& word) {
  if (const auto number = parse_integer(word)) return *number;
  throw Refusal{"ERR value is not an integer or out of range"};
}

double score_of(const std::string& word) {
  const bool bare = !word.empty() && std::isspace(static_cast<unsigned char>(word[0])) == 0;
  const auto number = bare ? parse_double(word) : std::nullopt;
  if (number) return *number;
  throw Refusal{"ERR value is not a valid float"};
}

std::string score_text(double score) {
  if (std::isinf(score)) return score > 0 ? "inf" : "-inf";
  char text[64];
  std::snprintf(text, sizeof text, "%.17g", score);
  return text;
}

// Redis is less strict here: nothing at all is 0.
ScoreBound score_bound_of(const std::string& word) {
  const bool exclusive = !word.empty() && word[0] == '(';
  const auto score = parse_double(exclusive ? word.substr(1) : word);
  if (!score) throw Refusal{"ERR min or max is not a float"};
  return {*score, exclusive};
}

std::optional<StreamId> find_strict_id(std::string_view word, std::uint64_t sequence) {
  const std::size_t dash = word.find('-');
  StreamId id{0, sequence};
  if (!read(word.substr(0, dash), id.ms)) return std::nullopt;
  if (dash == std::string_view::npos || read(word.substr(dash + 1), id.sequence)) return id;
  return std::nullopt;
}

StreamId strict_id_of(std::string_view word, std::uint64_t sequence) {
  if (const auto id = find_strict_id(word, sequence)) return *id;
  throw Refusal{"ERR Invalid stream ID specified as stream command argument"};
}

StreamId interval_start_of(const std::string& word) {
  if (word.size() < 2 || word[0] != '(') return id_of(word, 0);
  const auto next = after(strict_id_of(std::string_view(word).substr(1), 0));
  if (!next) throw Refusal{"ERR invalid start ID for the interval"};
  return *next;
}

StreamId interval_end_of(const std::string& word) {
  if (word.size() < 2 || word[0] != '(') return id_of(word, UINT64_MAX);
  const auto previous = before(strict_id_of(std::string_view(word).substr(1), UINT64_MAX));
  if (!previous) throw Refusal{"ERR invalid end ID for the interval"};
  return *previous;
}

}  // namespace convoke::stand_in
