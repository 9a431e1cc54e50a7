#include <algorithm>
#include <cstdint>

#include "tests/redis_stand_in/command_table.h"

namespace convoke::stand_in {
namespace {

Value zadd(const Call& call) {
  if (call.words.size() % 2 == 1) throw syntax_error();
  std::vector<double> scores;
  for (std::size_t i = 2; i < call.words.size(); i += 2) scores.push_back(score_of(call.words[i]));
  SortedSet& members = call.data.make<SortedSet>(call.key());
  std::size_t added = 0;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (members.set(call.words[3 + 2 * i], scores[i])) ++added;
  }
  return count(added);
}

Value zrem(const Call& call) {
  SortedSet* const members = call.data.find<SortedSet>(call.key());
  if (members == nullptr) return integer(0);
  std::size_t removed = 0;
  for (std::size_t i = 2; i < call.words.size(); ++i) {
    if (members->erase(call.words[i])) ++removed;
  }
  erase_if_empty(call.data, call.key(), *members);
  return count(removed);
}

Value zscore(const Call& call) {
  const SortedSet* const members = call.data.find<SortedSet>(call.key());
  if (members == nullptr) return nil();
  const auto found = members->scores().find(call.words[2]);
  return found == members->scores().end() ? nil() : bulk(score_text(found->second));
}

Value zcard(const Call& call) {
  const SortedSet* const members = call.data.find<SortedSet>(call.key());
  return count(members == nullptr ? 0 : members->size());
}

void append_member(Value& all, const std::string& member, double score, bool with_scores) {
  all.elements.push_back(bulk(member));
  if (with_scores) all.elements.push_back(bulk(score_text(score)));
}

// By places, of which negative ones count from the end.
Value zrange(const Call& call) {
  const bool with_scores = call.words.size() == 5 && is_option(call.words[4], "withscores");
  if (call.words.size() > 4 && !with_scores) throw syntax_error();
  std::int64_t first = integer_of(call.words[2]);
  std::int64_t last = integer_of(call.words[3]);
  const SortedSet* const members = call.data.find<SortedSet>(call.key());
  Value all = array();
  if (members == nullptr) return all;
  const auto size = static_cast<std::int64_t>(members->size());
  if (first < 0) first = std::max<std::int64_t>(first + size, 0);
  if (last < 0) last += size;
  auto at = members->order().begin();
  std::advance(at, std::min(first, size));
  for (std::int64_t i = first; i <= last && at != members->order().end(); ++i, ++at) {
    append_member(all, at->second, at->first, with_scores);
  }
  return all;
}

struct Window {
  bool with_scores = false;
  std::int64_t skipped = 0;
  std::int64_t most = -1;  // negative: all
};

Window window_of(const Words& words) {
  Window window;
  for (std::size_t i = 4; i < words.size();) {
    if (is_option(words[i], "withscores")) {
      window.with_scores = true;
      i += 1;
    } else if (is_option(words[i], "limit") && i + 2 < words.size()) {
      window.skipped = integer_of(words[i + 1]);
      window.most = integer_of(words[i + 2]);
      i += 3;
    } else {
      throw syntax_error();
    }
  }
  return window;
}

Value zrangebyscore(const Call& call) {
  Window window = window_of(call.words);
  const ScoreBound min = score_bound_of(call.words[2]);
  const ScoreBound max = score_bound_of(call.words[3]);
  Value all = array();
  const SortedSet* const members = call.data.find<SortedSet>(call.key());
  if (members == nullptr || window.skipped < 0) return all;
  for (auto at = members->order().lower_bound({min.score, ""}); at != members->order().end();
       ++at) {
    if (min.exclusive && at->first == min.score) continue;
    if (at->first > max.score || (max.exclusive && at->first == max.score)) break;
    if (window.skipped-- > 0) continue;
    if (window.most-- == 0) break;
    append_member(all, at->second, at->first, window.with_scores);
  }
  return all;
}

// FNV-1a. Where a scan has got to must be sayable though members come and go meanwhile: so it goes
// by a hash of each, as Redis goes by its buckets.
std::uint64_t place_of(const std::string& member) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : member) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return hash == 0 ? 1 : hash;
}

std::uint64_t cursor_of(const std::string& word) {
  const auto cursor = word.find_first_not_of("0123456789") == std::string::npos && !word.empty()
                          ? std::optional(strict_id_of(word).ms)
                          : std::nullopt;
  if (!cursor) throw Refusal{"ERR invalid cursor"};
  return *cursor;
}

std::size_t scan_size_of(const Words& words) {
  std::size_t size = 10;
  for (std::size_t i = 3; i < words.size(); i += 2) {
    if (!is_option(words[i], "count") || i + 1 == words.size()) throw syntax_error();
    const std::int64_t asked = integer_of(words[i + 1]);
    if (asked < 1) throw syntax_error();
    size = static_cast<std::size_t>(asked);
  }
  return size;
}

Value zscan(const Call& call) {
  const std::uint64_t from = cursor_of(call.words[2]);
  const SortedSet* const members = call.data.find<SortedSet>(call.key());
  if (members == nullptr) return array({bulk("0"), array()});
  const std::size_t size = scan_size_of(call.words);
  std::map<std::pair<std::uint64_t, std::string>, double> left;
  for (const auto& [member, score] : members->scores()) {
    if (const std::uint64_t place = place_of(member); place >= from) {
      left.emplace(std::pair(place, member), score);
    }
  }
  Value page = array();
  auto at = left.begin();
  for (std::size_t i = 0; i < size && at != left.end(); ++i, ++at) {
    append_member(page, at->first.second, at->second, true);
  }
  return array({bulk(at == left.end() ? "0" : std::to_string(at->first.first)), page});
}

}  // namespace

void add_sorted_set_commands(CommandTable& table) {
  table["zadd"] = {-4, zadd, Access::kNeedsMemory};
  table["zrem"] = {-3, zrem, Access::kRemoves};
  table["zscore"] = {3, zscore};
  table["zcard"] = {2, zcard};
  table["zrange"] = {-4, zrange};
  table["zrangebyscore"] = {-4, zrangebyscore};
  table["zscan"] = {-3, zscan};
}

}  // namespace convoke::stand_in
