#include "core/dispatch/successor.h"

#include <fmt/format.h>

#include <utility>

#include "core/dispatch/destination_record.h"
#include "core/guard/lineage_guard.h"
#include "core/registry/recursion_config.h"
#include "core/registry/resolve.h"
#include "queue/delivery_name.h"

namespace convoke {
namespace {

const Destination* destination_for(const AsyncConfig& config, Settlement settlement) {
  const bool failed = settlement == Settlement::kFailed || settlement == Settlement::kExpired;
  const auto& wanted = failed ? config.on_failure : config.on_success;
  const bool goes = failed || settlement == Settlement::kSucceeded;
  return goes && wanted ? &*wanted : nullptr;
}

std::string record_of(const Call& call, const Outcome& outcome, Settlement settlement,
                      const FunctionSpec& spec, WallTime now) {
  DestinationRecord record;
  record.at = now;
  record.id = call.id;
  record.function_arn = record_arn(spec.service, call.qualifier, spec.name);
  record.invoke_count = call.lease->retries + (outcome.instance_id.empty() ? 0U : 1U);
  record.epoch = call.lease->receipt.epoch;
  record.event = *call.event;
  record.ending = recorded_end(settlement, &outcome);
  record.response = outcome.error ? outcome.error->message : outcome.reply.body;
  return to_json(record);
}

struct Follow {
  const Call& call;
  std::string record;
  const SuccessorWorld& world;
  NewCall& next;
  std::optional<ErrorCode> why;

  // A refusal that is told to a function which would be refused too, and told that, has no end.
  [[nodiscard]] std::string refused_too(const Function& target, const Lineage& lineage) const {
    const bool loops =
        why == ErrorCode::kRecursiveInvocation &&
        judge_recursion(lineage, recursion_rule_of(target)) == RecursionVerdict::kRefused;
    if (loops) return "Failed: it would call itself for ever";
    const bool spent = why == ErrorCode::kInvocationBudgetExceeded && world.guard != nullptr &&
                       world.guard->is_spent(target, lineage);
    if (spent) return "Failed: its root has used up the budget of the destination too";
    return {};
  }
  std::string operator()(const FunctionDestination& to) const {
    const auto target = resolve_function(world.directory, to.service, to.qualifier, to.function);
    if (!target) return "Failed: " + target.error().message;
    // It would be a child. A URL is told: that runs nothing of the tree.
    if (const StoppedTree* tree = world.directory.stopped_tree(call.root())) {
      return "Failed: " + tree_stopped(*tree).message;
    }
    const Lineage lineage = child_lineage(call.its_lineage(), call.id, (*target)->id);
    if (std::string refused = refused_too(**target, lineage); !refused.empty()) return refused;
    next.function = (*target)->id;
    next.lineage = lineage;
    next.qualifier = to.qualifier;
    next.name = follower_name(call.id);
    next.event = record;
    return "Succeeded";
  }
  std::string operator()(const UrlDestination& /*its text is what is called*/) const {
    next.function = delivery_line_of(call.function);
    next.qualifier = call.qualifier;
    next.name = delivery_name(call.id);
    return "Pending";
  }
};

}  // namespace

std::string encode_delivery(const DeliveryEvent& delivery) {
  return fmt::format("{}\n{}", delivery.url, delivery.record);
}

DeliveryEvent decode_delivery(std::string_view event) {
  const std::size_t end = std::min(event.find('\n'), event.size());
  return {event.substr(0, end), event.substr(std::min(end + 1, event.size()))};
}

// Never what delivered_call() takes for a delivery's.
std::string follower_name(const CallId& call) {
  return std::string{kInternalName, '>'} + call.text();
}

Successor successor_of(const Call& call, const Outcome& outcome, Settlement settlement,
                       const SuccessorWorld& world, WallTime now, const CallId& fresh) {
  const AsyncConfigPtr config = world.directory.async_config_of(call.function, call.qualifier);
  const FunctionPtr function = world.directory.find_function(call.function);
  const Destination* const to = config && function ? destination_for(*config, settlement) : nullptr;
  if (to == nullptr) return {};
  NewCall next;
  next.id = fresh;
  next.accepted = next.due = now;
  std::string record = record_of(call, outcome, settlement, function->spec, now);
  if (std::holds_alternative<UrlDestination>(to->to)) {
    next.event = encode_delivery({to->text, record});
  }
  Successor successor;
  const auto why = outcome.error ? std::optional(outcome.error->code) : std::nullopt;
  successor.status = std::visit(Follow{call, std::move(record), world, next, why}, to->to);
  if (next.function != FunctionId{}) successor.call = std::move(next);
  return successor;
}

}  // namespace convoke
