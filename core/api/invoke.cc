#include "core/api/invoke.h"

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "core/api/http_trigger.h"
#include "core/dispatch/queued_event.h"
#include "core/guard/lineage_carriers.h"
#include "core/guard/lineage_guard.h"
#include "core/registry/resolve.h"
#include "core/registry/stopping.h"

namespace convoke {

namespace {

http::Response accepted_answer(const CallId& id, const InvocationOrder& order) {
  http::Response response;
  response.status = 202;
  response.headers.add("X-Fc-Request-Id", id.text());
  if (!order.name.empty()) response.headers.add("X-Fc-Stateful-Async-Invocation-Id", order.name);
  return response;
}

Error refused_by(const KillSwitch& off) {
  return {ErrorCode::kResourceThrottled, "Reserve resource exceeded limit: " + text_of(off),
          std::nullopt};
}

void say_applied(http::Response& response, Seconds wait) {
  response.headers.add("Preference-Applied", fmt::format("wait={}", wait.count()));
}

}  // namespace

Invoker::Invoker(ShardIndex self, const InvokerWorld& world, Respond respond)
    : self_(self),
      world_(world),
      respond_(std::move(respond)),
      waits_(
          world.clock, world.wheel, [this](const Waits::Waiting& over) { on_over(over); },
          looks()) {}

// Nobody looks where every end is told.
Waits::Look Invoker::looks() {
  if (world_.ends_elsewhere == nullptr) return {};
  return [this](const Waits::Waiting& waiting) { look_at_end(waiting); };
}

Result<std::size_t> Invoker::event_bytes_max(const http::Headers& headers) const {
  auto order = read_order(headers);
  if (!order) return order.error();
  return order->asynchronous ? world_.async_event_bytes_max : kSyncEventBytesMax;
}

void Invoker::invoke(http::ExchangeId exchange, const CallId& id, const InvocationTarget& target,
                     http::Request request) {
  auto order = read_order(request.head.headers);
  if (!order) return respond_(exchange, http::error_response(order.error(), id.text()));
  auto function =
      resolve_function(world_.directory, target.service, target.qualifier, target.function);
  if (!function) return respond_(exchange, http::error_response(function.error(), id.text()));
  const std::optional<Lineage> lineage = lineage_of(request.head, id, (*function)->id);
  if (order->asynchronous) {
    if (const KillSwitch* off = refuses_async(world_.directory, (*function)->spec)) {
      return respond_(exchange, http::error_response(refused_by(*off), id.text()));
    }
    if (const auto refused = refuses_child(lineage)) {
      return respond_(exchange, http::error_response(*refused, id.text()));
    }
    return invoke_async(exchange, id, *function, target, *std::move(order),
                        queued_event(std::move(request.body)), lineage);
  }
  if (const auto refused = refuses(id, **function, lineage)) {
    return respond_(exchange, http::error_response(*refused, id.text()));
  }
  invoke_sync(exchange, id, *function, target, *order, std::move(request.body), lineage);
}

std::optional<Lineage> Invoker::lineage_of(const http::RequestHead& head, const CallId& id,
                                           FunctionId function) const {
  if (world_.tokens == nullptr) return std::nullopt;
  const TraceId trace = trace_of(head.headers.get("traceparent"));
  const auto token = read_lineage(head, *world_.tokens);
  if (!token && trace == TraceId{}) return std::nullopt;
  Lineage lineage = token ? called_with(*token, world_.lineage.running->at(token->place),
                                        world_.clock.wall(), id, function)
                          : root_lineage(id, function);
  if (trace != TraceId{} && trace != lineage.root.bytes()) lineage.trace = trace;
  return lineage;
}

std::optional<Error> Invoker::refuses_child(const std::optional<Lineage>& lineage) const {
  if (!lineage) return std::nullopt;
  const StoppedTree* const tree = world_.directory.stopped_tree(lineage->root);
  return tree != nullptr ? std::optional(tree_stopped(*tree)) : std::nullopt;
}

std::optional<Error> Invoker::refuses(const CallId& id, const Function& function,
                                      const std::optional<Lineage>& lineage) const {
  if (auto refused = refuses_child(lineage)) return refused;
  if (!lineage || world_.guard == nullptr) return std::nullopt;
  return world_.guard->refuses({id, *lineage, function}, Attempting::kFirst);
}

void Invoker::waits(const CallId& id, FunctionId function,
                    const std::optional<Lineage>& lineage) const {
  if (!lineage || world_.guard == nullptr) return;
  if (const FunctionPtr known = world_.directory.find_function(function)) {
    world_.guard->wait({id, *lineage, *known});
  }
}

void Invoker::invoke_sync(http::ExchangeId exchange, const CallId& id, const FunctionPtr& function,
                          const InvocationTarget& target, const InvocationOrder& order,
                          std::string event, const std::optional<Lineage>& lineage) {
  CallPtr call = sync_call(exchange, id, function->id, target.qualifier, std::move(event));
  call->wants_log_tail = order.wants_log_tail;
  call->lineage = lineage;
  submit(std::move(call));
}

void Invoker::invoke_http(http::ExchangeId exchange, const CallId& id, const Route& route,
                          http::Request request) {
  const auto target = http_target(world_.directory, route, request.head.method);
  if (!target) return respond_(exchange, http::error_response(target.error(), id.text()));
  if (const auto right = check_http_call(*target); !right)
    return respond_(exchange, http::error_response(right.error(), id.text()));
  auto order = http_order(request.head.headers);
  if (!order) return respond_(exchange, http::error_response(order.error(), id.text()));
  const auto lineage = lineage_of(request.head, id, target->function->id);
  if (refuses_child(lineage)) {  // not who stopped it, and why: that is not for whoever asks
    const Error refused{ErrorCode::kInvocationTreeStopped, "the call was stopped"};
    return respond_(exchange, http::error_response(refused, id.text()));
  }
  if (order->asynchronous) {
    return invoke_http_async(exchange, id, target->function, route, *std::move(order),
                             std::move(request), lineage);
  }
  if (const auto refused = refuses(id, *target->function, lineage)) {
    return respond_(exchange, http::error_response(*refused, id.text()));
  }
  CallPtr call =
      sync_call(exchange, id, target->function->id, route.qualifier, std::move(request.body));
  call->http = std::make_shared<const HttpCall>(HttpCall{
      head_for_function(route, std::move(request.head)), route.named_by == NamedBy::kPath});
  call->lineage = lineage;
  submit(std::move(call));
}

void Invoker::invoke_http_async(http::ExchangeId exchange, const CallId& id,
                                const FunctionPtr& function, const Route& route,
                                InvocationOrder order, http::Request request,
                                const std::optional<Lineage>& lineage) {
  const auto refuse = [this, exchange, &id](const Error& why) {
    respond_(exchange, http::error_response(why, id.text()));
  };
  // Not who stopped it, and why: that is not for whoever asks.
  if (refuses_async(world_.directory, function->spec) != nullptr)
    return refuse({ErrorCode::kResourceThrottled, "Reserve resource exceeded limit"});
  if (!can_be_queued(request.head))
    return refuse({ErrorCode::kInvalidArgument,
                   "the method, the target or a header of the request is not in one line"});
  std::string event =
      queued_request(head_for_function(route, std::move(request.head)), request.body);
  if (event.size() > world_.async_event_bytes_max)
    return refuse({ErrorCode::kEntityTooLarge,
                   fmt::format("an asynchronous request, its headers included, exceeds the maximum "
                               "allowed size ({} bytes)",
                               world_.async_event_bytes_max)});
  invoke_async(exchange, id, function, {route.service, route.qualifier, route.function},
               std::move(order), std::move(event), lineage);
}

CallPtr Invoker::sync_call(http::ExchangeId exchange, const CallId& id, FunctionId function,
                           const std::string& qualifier, std::string event) const {
  auto call = std::make_unique<Call>();
  call->id = id;
  call->function = function;
  call->home = self_;
  call->arrived = world_.clock.now();
  call->event = std::make_shared<const std::string>(std::move(event));
  call->qualifier = qualifier;
  call->exchange = exchange;
  return call;
}

void Invoker::submit(CallPtr call) {
  waiting_.emplace(call->exchange, Waiting{call->id, call->function});
  waits(call->id, call->function, call->lineage);
  ++running_;
  world_.dispatcher.submit(std::move(call));
}

void Invoker::on_finished(CallPtr call, Outcome outcome) {
  --running_;
  if (waiting_.erase(call->exchange) == 0) return;  // the client has gone
  const bool by_http = call->http != nullptr;
  respond_(call->exchange, by_http ? http_answer_of(*call, std::move(outcome))
                                   : answer_of(*call, std::move(outcome)));
}

void Invoker::client_gone(http::ExchangeId exchange) {
  waits_.forget(exchange);  // the call goes on
  will_wait_.erase(exchange);
  const auto found = waiting_.find(exchange);
  if (found == waiting_.end()) return;
  const Waiting gone = found->second;
  waiting_.erase(found);
  if (world_.dispatcher.cancel(gone.function, gone.id)) --running_;
}

bool Invoker::is_stateful(FunctionId function, std::string_view qualifier) const {
  const AsyncConfigPtr config = world_.directory.async_config_of(function, qualifier);
  return config && config->stateful.value_or(false);
}

void Invoker::invoke_async(http::ExchangeId exchange, const CallId& id, const FunctionPtr& function,
                           const InvocationTarget& target, InvocationOrder order, std::string event,
                           const std::optional<Lineage>& lineage) {
  NewCall call;
  call.id = id;
  call.function = function->id;
  call.qualifier = target.qualifier;
  call.event = std::move(event);
  call.lineage = lineage;
  call.accepted = world_.clock.wall();
  call.due = call.accepted + order.delay;
  ++accepting_;
  if (order.wait) will_wait_.insert(exchange);
  if (order.name.empty()) {
    // A name made up is the request's own id, which no other call has.
    if (order.wait || is_stateful(function->id, target.qualifier)) order.name = id.text();
    call.name = order.name;
    return accept(exchange, std::move(call), order);
  }
  call.name = order.name;
  const auto kept = std::make_shared<NewCall>(std::move(call));
  world_.names.reserve(kept->function, order.name, [this, exchange, kept, order](auto reserved) {
    if (reserved) return accept(exchange, std::move(*kept), order);
    --accepting_;
    will_wait_.erase(exchange);
    respond_(exchange, http::error_response(reserved.error(), kept->id.text()));
  });
}

void Invoker::accept(http::ExchangeId exchange, NewCall call, const InvocationOrder& order) {
  const CallId id = call.id;
  const FunctionId function = call.function;
  const Result<void> keeps_up = call.name.empty() ? Result<void>{} : world_.names.keeps_up();
  const auto answer = [this, exchange, id, function, order,
                       lineage = call.lineage](const Result<void>& accepted) {
    --accepting_;
    if (accepted) {
      waits(id, function, lineage);
      return on_accepted(exchange, id, function, order);
    }
    will_wait_.erase(exchange);
    if (!order.name.empty()) world_.names.release(function, order.name);
    respond_(exchange, http::error_response(accepted.error(), id.text()));
  };
  if (!keeps_up) return answer(keeps_up);
  world_.queue.accept(std::move(call), answer);
}

void Invoker::accept_triggered(std::vector<TriggeredCall> calls, AllAccepted done) {
  for (const TriggeredCall& call : calls) {
    if (call.event.size() > world_.async_event_bytes_max)
      return done(Error{ErrorCode::kEntityTooLarge,
                        fmt::format("an event has {} bytes; at most {} are allowed",
                                    call.event.size(), world_.async_event_bytes_max)});
    const FunctionPtr function = world_.directory.find_function(call.function);
    if (const KillSwitch* off =
            function ? refuses_async(world_.directory, function->spec) : nullptr)
      return done(refused_by(*off));
    if (const auto refused = refuses_child(call.lineage)) return done(*refused);
  }
  if (calls.empty()) return done({});
  struct Open {
    std::size_t left;
    Result<void> outcome;
    AllAccepted done;
  };
  const auto open = std::make_shared<Open>(Open{calls.size(), {}, std::move(done)});
  for (TriggeredCall& call : calls) {
    accept_one(std::move(call), [open](const Result<void>& accepted) {
      if (!accepted) open->outcome = accepted;
      if (--open->left == 0) open->done(open->outcome);
    });
  }
}

void Invoker::accept_one(TriggeredCall triggered, AllAccepted accepted) {
  NewCall call;
  call.id = triggered.id;
  call.function = triggered.function;
  if (is_stateful(call.function, triggered.qualifier)) call.name = call.id.text();
  call.qualifier = std::move(triggered.qualifier);
  call.event = std::move(triggered.event);
  call.lineage = triggered.lineage;
  call.accepted = call.due = world_.clock.wall();
  const Result<void> keeps_up = call.name.empty() ? Result<void>{} : world_.names.keeps_up();
  if (!keeps_up) return accepted(keeps_up);
  ++accepting_;
  const auto told = [this, id = call.id, function = call.function, lineage = call.lineage,
                     accepted](const Result<void>& durable) {
    --accepting_;
    if (durable) waits(id, function, lineage);
    accepted(durable);
  };
  world_.queue.accept(std::move(call), told);
}

void Invoker::end_waits() {
  waits_ended_ = true;
  waits_.end_all();
}

void Invoker::on_accepted(http::ExchangeId exchange, const CallId& id, FunctionId function,
                          const InvocationOrder& order) {
  const bool waits = will_wait_.erase(exchange) > 0;
  if (!order.wait || waits_ended_) return respond_(exchange, accepted_answer(id, order));
  if (waits) waits_.add({id, function, order.name, exchange, *order.wait});
}

void Invoker::on_settled(CallPtr call, Outcome outcome) {
  if (!watches(call->id)) return;  // the wait was over before the end was durable
  const Waits::Waiting waiting = waits_.take(call->id);
  end_wait(waiting, answer_of(*call, std::move(outcome)));
}

void Invoker::end_wait(const Waits::Waiting& waiting, http::Response response) {
  response.headers.add("X-Fc-Stateful-Async-Invocation-Id", waiting.name);
  say_applied(response, waiting.asked);
  respond_(waiting.exchange, std::move(response));
}

void Invoker::on_over(const Waits::Waiting& over) {
  InvocationOrder order;
  order.name = over.name;
  http::Response response = accepted_answer(over.id, order);
  say_applied(response, over.asked);
  respond_(over.exchange, std::move(response));
}

void Invoker::look_at_end(const Waits::Waiting& waiting) {
  world_.ends_elsewhere->get(
      waiting.function, waiting.name, history::Payload::kWith,
      [this, id = waiting.id](const Result<std::optional<history::Record>>& found) {
        if (found && *found && (*found)->id == id) on_looked(id, **found);
      });
}

// What is too large for the history is left to be seen as far as it goes: the caller has the name.
void Invoker::on_looked(const CallId& id, const history::Record& record) {
  if (!watches(id) || !has_ended(record.state)) return;
  const Waits::Waiting waiting = waits_.take(id);
  if (record.result_cut) return on_over(waiting);
  end_wait(waiting, answer_of(record));
}

}  // namespace convoke
