#include "core/registry/loop_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace convoke {
namespace {

struct FunctionNode {
  std::string service;
  std::string qualifier;  // "" for LATEST
  std::string function;
};
using Node = std::variant<FunctionNode, ObjectOutput>;

std::string plain(std::string_view qualifier) {
  return means_latest(qualifier) ? std::string() : std::string(qualifier);
}

// What names a node, and is shown to users.
std::string text_of(const Node& node) {
  if (const auto* output = std::get_if<ObjectOutput>(&node)) return "bucket " + output->text();
  const FunctionNode& function = std::get<FunctionNode>(node);
  const std::string_view dot = function.qualifier.empty() ? "" : ".";
  return fmt::format("{}{}{}/{}", function.service, dot, function.qualifier, function.function);
}

bool is_function_of(const Node& node, const Trigger& trigger) {
  const auto* function = std::get_if<FunctionNode>(&node);
  return function != nullptr && function->service == trigger.service &&
         function->function == trigger.function;
}

FunctionNode called_by(const Trigger& trigger) {
  return {trigger.service, plain(trigger.qualifier), trigger.function};
}

// The registry with one change made: what follows from each node.
class Graph {
 public:
  Graph(const Directory& directory, const Trigger* trigger, const AsyncConfig* config)
      : directory_(directory), trigger_(trigger), config_(config) {}

  [[nodiscard]] std::vector<Node> after(const Node& node) {
    if (const auto* output = std::get_if<ObjectOutput>(&node)) return set_off_by(*output);
    return caused_by(std::get<FunctionNode>(node));
  }

 private:
  std::vector<Node> caused_by(const FunctionNode& node) {
    const FunctionPtr function = directory_.find_function(node.service, node.function);
    if (!function) return {};
    std::vector<Node> next = destinations(function->id, node.qualifier);
    ListQuery all;
    all.limit = std::numeric_limits<std::size_t>::max();
    for (const TriggerPtr& trigger : directory_.list_triggers(function->id, all).items) {
      if (!is_replaced(*trigger)) add_outputs(*trigger, next);
    }
    if (trigger_ != nullptr && trigger_->function_id == function->id) add_outputs(*trigger_, next);
    return next;
  }
  static void add_outputs(const Trigger& trigger, std::vector<Node>& next) {
    if (trigger.allow_loop) return;
    next.insert(next.end(), trigger.outputs.begin(), trigger.outputs.end());
  }

  std::vector<Node> destinations(FunctionId id, const std::string& qualifier) {
    if (config_ != nullptr && config_->function_id == id &&
        same_qualifier(config_->qualifier, qualifier))
      return destinations(*config_);
    const AsyncConfigPtr config = directory_.async_config_of(id, qualifier);
    return config ? destinations(*config) : std::vector<Node>();
  }
  static std::vector<Node> destinations(const AsyncConfig& config) {
    std::vector<Node> next;
    if (config.allow_loop) return next;
    for (const std::optional<Destination>& destination : {config.on_success, config.on_failure}) {
      if (!destination) continue;
      if (const auto* to = std::get_if<FunctionDestination>(&destination->to))
        next.emplace_back(FunctionNode{to->service, plain(to->qualifier), to->function});
    }
    return next;
  }

  std::vector<Node> set_off_by(const ObjectOutput& output) {
    if (!indexed_) index();
    std::vector<Node> next;
    for (const Trigger* trigger : by_bucket_[output.bucket]) {
      if (may_set_off(output, *trigger->as<ObjectTrigger>()))
        next.emplace_back(called_by(*trigger));
    }
    return next;
  }

  void index() {
    indexed_ = true;
    kept_ = directory_.all_triggers();
    for (const TriggerPtr& trigger : kept_) {
      if (!is_replaced(*trigger)) index(*trigger);
    }
    if (trigger_ != nullptr) index(*trigger_);
  }
  void index(const Trigger& trigger) {
    const auto* object = trigger.as<ObjectTrigger>();
    if (object != nullptr && !trigger.allow_loop) by_bucket_[object->bucket].push_back(&trigger);
  }

  [[nodiscard]] bool is_replaced(const Trigger& trigger) const {
    return trigger_ != nullptr && trigger_->function_id == trigger.function_id &&
           trigger_->name == trigger.name;
  }

  const Directory& directory_;
  const Trigger* trigger_;
  const AsyncConfig* config_;
  bool indexed_ = false;
  std::vector<TriggerPtr> kept_;
  std::map<std::string, std::vector<const Trigger*>> by_bucket_;
};

// A shortest way.
class Search {
 public:
  explicit Search(Graph& graph) : graph_(graph) {}

  using IsGoal = std::function<bool(const Node&)>;
  // From the first to the last node, as texts; empty: there is none.
  [[nodiscard]] Result<std::vector<std::string>> way(const Node& from, const IsGoal& is_goal) {
    reached_ = {{from, 0}};
    seen_ = {{text_of(from), 0}};
    for (std::size_t at = 0; at < reached_.size(); ++at) {
      if (is_goal(reached_[at].node)) return way_to(at);
      for (Node& next : graph_.after(reached_[at].node)) {
        if (++steps_ > kLoopStepsMax)
          return Error{ErrorCode::kLimitExceeded,
                       "too many functions, destinations and triggers hang together here to be "
                       "checked for loops: say allowLoop: true if you have checked it yourself"};
        if (seen_.emplace(text_of(next), at).second) reached_.push_back({std::move(next), at});
      }
    }
    return std::vector<std::string>();
  }

 private:
  struct Reached {
    Node node;
    std::size_t from;  // its place in reached_
  };

  std::vector<std::string> way_to(std::size_t at) const {
    std::vector<std::string> texts = {text_of(reached_[at].node)};
    for (; at != 0; at = reached_[at].from)
      texts.push_back(text_of(reached_[reached_[at].from].node));
    std::reverse(texts.begin(), texts.end());
    return texts;
  }

  Graph& graph_;
  std::vector<Reached> reached_;
  std::map<std::string, std::size_t> seen_;
  std::size_t steps_ = 0;
};

// Whoever begins it also ends it.
Result<void> refuse(std::string_view how_to_allow, const std::vector<std::string>& loop) {
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("this would close a loop, in which each call causes the next without "
                           "end: {}; break it, or say {}: true if it is meant",
                           fmt::join(loop, " -> "), how_to_allow)};
}

Result<void> check_set_off(Graph& graph, const Trigger& proposed) {
  const auto* object = proposed.as<ObjectTrigger>();
  if (object == nullptr) return {};
  Search search(graph);
  auto way = search.way(called_by(proposed), [object](const Node& node) {
    const auto* output = std::get_if<ObjectOutput>(&node);
    return output != nullptr && may_set_off(*output, *object);
  });
  if (!way) return way.error();
  if (way->empty()) return {};
  way->insert(way->begin(), way->back());
  return refuse("triggerConfig.allowLoop", *way);
}

Result<void> check_outputs(Graph& graph, const Trigger& proposed) {
  Search search(graph);
  for (const ObjectOutput& output : proposed.outputs) {
    auto way = search.way(output, [&](const Node& node) { return is_function_of(node, proposed); });
    if (!way) return way.error();
    if (way->empty()) continue;
    way->insert(way->begin(), way->back());
    return refuse("triggerConfig.allowLoop", *way);
  }
  return {};
}

}  // namespace

bool may_set_off(const ObjectOutput& output, const ObjectTrigger& trigger) {
  const std::string_view written = output.prefix;
  const std::string_view watched = trigger.prefix;
  const bool creation =
      std::any_of(trigger.events.begin(), trigger.events.end(), [](std::string_view event) {
        return event.find(":ObjectCreated:") != std::string_view::npos;
      });
  return creation && output.bucket == trigger.bucket &&
         (written.starts_with(watched) || watched.starts_with(written));
}

Result<void> check_loops(const Directory& directory, const Trigger& proposed) {
  const TriggerPtr before = directory.find_trigger(proposed.function_id, proposed.name);
  const bool nothing_new = before && before->config == proposed.config &&
                           before->outputs == proposed.outputs && !before->allow_loop &&
                           same_qualifier(before->qualifier, proposed.qualifier);
  if (nothing_new || proposed.allow_loop) return {};
  Graph graph(directory, &proposed, nullptr);
  if (Result<void> right = check_set_off(graph, proposed); !right) return right;
  return check_outputs(graph, proposed);
}

Result<void> check_loops(const Directory& directory, const AsyncConfig& proposed) {
  const AsyncConfigPtr before = directory.async_config_of(proposed.function_id, proposed.qualifier);
  const bool nothing_new = before && before->on_success == proposed.on_success &&
                           before->on_failure == proposed.on_failure && !before->allow_loop;
  if (nothing_new || proposed.allow_loop) return {};
  Graph graph(directory, nullptr, &proposed);
  const Node self = FunctionNode{proposed.service, plain(proposed.qualifier), proposed.function};
  Search search(graph);
  for (const Node& next : graph.after(self)) {
    if (std::holds_alternative<ObjectOutput>(next)) continue;
    auto way = search.way(
        next, [wanted = text_of(self)](const Node& node) { return text_of(node) == wanted; });
    if (!way) return way.error();
    if (way->empty()) continue;
    way->insert(way->begin(), text_of(self));
    return refuse("allowLoop", *way);
  }
  return {};
}

}  // namespace convoke
