#include "core/dispatch/line.h"

#include <utility>

#include "core/guard/gate.h"

namespace convoke {
namespace {

// How often a caller whose time in line is over looks whether its instance is still starting.
constexpr Duration kLookAgain = Seconds{1};

}  // namespace

Line::Line(TimerWheel& wheel, Duration wait_max, Starting starting,
           WaitedTooLong on_waited_too_long)
    : wheel_(wheel),
      wait_max_(wait_max),
      starting_(std::move(starting)),
      on_waited_too_long_(std::move(on_waited_too_long)) {}

void Line::add(CallPtr call) {
  auto before = waiting_.end();
  while (before != waiting_.begin() && std::prev(before)->call->arrived > call->arrived) --before;
  const auto place = waiting_.emplace(before, *this, std::move(call));
  places_.emplace(place->call->id, place);
  wheel_.schedule(place->too_long, place->call->arrived + wait_max_);
}

CallPtr Line::take_first() { return take(waiting_.front().call->id); }

CallPtr Line::take(const CallId& id) {
  const auto found = places_.find(id);
  if (found == places_.end()) return nullptr;
  CallPtr call = std::move(found->second->call);
  waiting_.erase(found->second);
  places_.erase(found);
  return call;
}

std::vector<CallPtr> Line::take_tree(const CallId& root) {
  std::vector<CallId> ids;
  for (const Place& place : waiting_) {
    if (place.call->root() == root) ids.push_back(place.call->id);
  }
  std::vector<CallPtr> calls;
  for (const CallId& id : ids) calls.push_back(take(id));
  return calls;
}

void Line::waited_too_long(Place& place) {
  if (among_first(place, starting_())) {
    return wheel_.schedule(place.too_long, place.too_long.due() + kLookAgain);
  }
  on_waited_too_long_(take(place.call->id));
}

bool Line::among_first(const Place& place, std::uint32_t count) const {
  for (auto first = waiting_.begin(); first != waiting_.end() && count > 0; ++first, --count) {
    if (&*first == &place) return true;
  }
  return false;
}

std::int64_t Line::first_arrival() const {
  return empty() ? kNobodyWaits : waiting_.front().call->arrived.time_since_epoch().count();
}

}  // namespace convoke
