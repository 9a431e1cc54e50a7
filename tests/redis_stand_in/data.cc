#include "tests/redis_stand_in/data.h"

namespace convoke::stand_in {

bool SortedSet::set(const std::string& member, double score) {
  const bool fresh = !erase(member);
  scores_.emplace(member, score);
  order_.emplace(score, member);
  return fresh;
}

bool SortedSet::erase(const std::string& member) {
  const auto found = scores_.find(member);
  if (found == scores_.end()) return false;
  order_.erase({found->second, member});
  scores_.erase(found);
  return true;
}

void Data::let_go_what_ended(std::int64_t now_ms) {
  for (auto at = ends_.begin(); at != ends_.end();) {
    if (at->second > now_ms) {
      ++at;
      continue;
    }
    keys_.erase(at->first);
    at = ends_.erase(at);
  }
}

}  // namespace convoke::stand_in
