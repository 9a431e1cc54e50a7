// A command's words, read as Redis reads them. What does not read throws a Refusal.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/redis_stand_in/stream.h"

namespace convoke::stand_in {

using Words = std::vector<std::string>;

// A command's error, thrown from within it; never leaves Engine::execute().
struct Refusal {
  std::string text;  // "ERR syntax error"
};

[[nodiscard]] std::string in_lower_case(std::string_view word);
[[nodiscard]] bool is_option(const std::string& word, std::string_view option);

[[nodiscard]] std::optional<std::int64_t> parse_integer(std::string_view word);
[[nodiscard]] std::int64_t integer_of(const std::string& word);
[[nodiscard]] double score_of(const std::string& word);
[[nodiscard]] std::string score_text(double score);

// A bound of scores: "5", "(5", "-inf".
struct ScoreBound {
  double score = 0;
  bool exclusive = false;
};
[[nodiscard]] ScoreBound score_bound_of(const std::string& word);

// "5-1"; "5", whose sequence is then `sequence`.
[[nodiscard]] std::optional<StreamId> find_strict_id(std::string_view word,
                                                     std::uint64_t sequence = 0);
[[nodiscard]] StreamId strict_id_of(std::string_view word, std::uint64_t sequence = 0);
// The ends of an interval: also "-", "+" and "(5-1".
[[nodiscard]] StreamId interval_start_of(const std::string& word);
[[nodiscard]] StreamId interval_end_of(const std::string& word);

}  // namespace convoke::stand_in
