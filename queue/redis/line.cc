#include "queue/redis/line.h"

#include <algorithm>

namespace convoke::redis {

QueueCounts Line::counts() const {
  QueueCounts counts;
  counts.accepted = stand.accepted;
  counts.ready = ready();
  counts.delayed = stand.delayed;
  counts.claimed = stand.claimed - std::min<std::uint64_t>(stand.claimed, returned.size());
  counts.settled = stand.settled;
  return counts;
}

std::vector<StreamId> Line::take_returned(std::size_t max) {
  std::vector<StreamId> taken;
  while (taken.size() < max && !returned.empty()) {
    taken.push_back(*returned.begin());
    returned.erase(returned.begin());
  }
  return taken;
}

}  // namespace convoke::redis
