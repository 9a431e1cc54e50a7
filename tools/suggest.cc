#include "tools/suggest.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace convoke::cli {
namespace {

// How many letters must be added, removed or replaced to come from one word to the other.
std::size_t edit_distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= from.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= to.size(); ++j) {
      const std::size_t replaced = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string did_you_mean(std::string_view typed, const std::vector<std::string>& known) {
  constexpr std::size_t kWordMax = 64;  // the work grows with the square; no key is so long
  if (typed.size() > kWordMax) return {};
  const std::string* nearest = nullptr;
  std::size_t nearest_distance = std::max<std::size_t>(2, typed.size() / 3) + 1;
  for (const std::string& word : known) {
    const std::size_t distance = word.find(typed) == 0 ? 1 : edit_distance(typed, word);
    if (distance < nearest_distance) {
      nearest = &word;
      nearest_distance = distance;
    }
  }
  return nearest == nullptr ? std::string() : fmt::format(" (did you mean '{}'?)", *nearest);
}

}  // namespace convoke::cli
