#include "tests/model/lease/explorer.h"

#include <algorithm>
#include <deque>
#include <functional>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace convoke::lease {
namespace {

using Index = std::uint32_t;

// 128 bits stand for a state: two of 10^7 have the same with a chance of 10^-24.
struct Print {
  std::size_t first = 0;
  std::size_t second = 0;
  friend bool operator==(const Print&, const Print&) = default;
};
struct PrintHash {
  std::size_t operator()(const Print& print) const { return print.first; }
};

Print print_of(std::string text) {
  Print print;
  print.first = std::hash<std::string_view>{}(text);
  text.insert(0, 1, 's');
  print.second = std::hash<std::string_view>{}(text);
  return print;
}

struct Node {
  Index from = 0;
  const char* what = "";
  const char* how = "";
  const char* first = "";
  std::uint64_t who = 0;
};

class Exploration {
 public:
  Exploration(const Rules& rules, const Bounds& bounds, std::size_t states_max)
      : steps_(rules, bounds), states_max_(states_max) {}

  Explored run() {
    (void)reach(steps_.first(), {});
    while (!front_.empty() && found_.violated.empty() && found_.whole) {
      const State state = std::move(front_.front());
      front_.pop_front();
      expand(state, static_cast<Index>(expanded_++));
    }
    found_.states = nodes_.size();
    if (found_.violated.empty() && found_.whole) find_stuck();
    return std::move(found_);
  }

 private:
  Index reach(State state, const Node& node) {
    const auto [at, fresh] =
        known_.try_emplace(print_of(encoded(state)), static_cast<Index>(nodes_.size()));
    if (!fresh) return at->second;
    nodes_.push_back(node);
    if (steps_.is_final(state)) finals_.push_back(at->second);
    if (nodes_.size() >= states_max_) {
      found_.whole = false;
    } else {
      front_.push_back(std::move(state));
    }
    return at->second;
  }

  void expand(const State& state, Index from) {
    for (Step& step : steps_.of(state)) {
      ++found_.steps;
      const Node node{from, step.what, step.how, step.first, step.who};
      if (step.after.violated != nullptr) return fail(step.after.violated, node);
      const bool fault = step.fault;
      const Index to = reach(std::move(step.after), node);
      if (!fault && to != from) ways_.emplace_back(to, from);
    }
  }

  void fail(const char* what, const Node& last) {
    found_.violated = what;
    nodes_.push_back(last);
    found_.trace = trace_to(static_cast<Index>(nodes_.size() - 1));
    nodes_.pop_back();
  }

  [[nodiscard]] std::vector<std::string> trace_to(Index at) const {
    std::vector<std::string> trace;
    for (; at != 0; at = nodes_[at].from) {
      const Node& node = nodes_[at];
      std::string line = node.who == 0 ? "" : "engine " + std::to_string(node.who) + ": ";
      if (*node.first != '\0') line += std::string(node.first) + ": ";
      if (*node.how != '\0') line += std::string(node.how) + " ";
      trace.push_back(line + node.what);
    }
    std::reverse(trace.begin(), trace.end());
    return trace;
  }

  // Backwards from the final states.
  void find_stuck() {
    found_.finals = finals_.size();
    std::sort(ways_.begin(), ways_.end());
    std::vector<bool> can_finish(nodes_.size());
    std::vector<Index> front = finals_;
    for (const Index final : finals_) can_finish[final] = true;
    while (!front.empty()) {
      const Index to = front.back();
      front.pop_back();
      auto way = std::lower_bound(ways_.begin(), ways_.end(), std::pair<Index, Index>{to, 0});
      for (; way != ways_.end() && way->first == to; ++way) {
        if (can_finish[way->second]) continue;
        can_finish[way->second] = true;
        front.push_back(way->second);
      }
    }
    const auto stuck = std::find(can_finish.begin(), can_finish.end(), false);
    found_.stuck = static_cast<std::size_t>(std::count(stuck, can_finish.end(), false));
    if (found_.stuck > 0) found_.trace = trace_to(static_cast<Index>(stuck - can_finish.begin()));
  }

  Steps steps_;
  const std::size_t states_max_;
  Explored found_;
  std::size_t expanded_ = 0;
  std::deque<State> front_;  // in the order of their indices
  std::vector<Node> nodes_;
  std::unordered_map<Print, Index, PrintHash> known_;
  std::vector<std::pair<Index, Index>> ways_;  // to, from; no faults
  std::vector<Index> finals_;
};

}  // namespace

Explored explore(const Rules& rules, const Bounds& bounds, std::size_t states_max) {
  return Exploration(rules, bounds, states_max).run();
}

}  // namespace convoke::lease
