#include "core/api/invoke.h"

#include <fmt/format.h>

#include <utility>

#include "core/registry/resolve.h"

namespace convoke {

Invoker::Invoker(ShardIndex self, const Clock& clock, const Directory& directory,
                 Dispatcher& dispatcher, Queue& queue, Respond respond)
    : self_(self),
      clock_(clock),
      directory_(directory),
      dispatcher_(dispatcher),
      queue_(queue),
      respond_(std::move(respond)) {}

Result<std::size_t> Invoker::event_bytes_max(const http::Headers& headers) {
  auto order = read_order(headers);
  if (!order) return order.error();
  return order->asynchronous ? kAsyncEventBytesMax : kSyncEventBytesMax;
}

void Invoker::invoke(http::ExchangeId exchange, const CallId& id, const InvocationTarget& target,
                     http::Request request) {
  auto order = read_order(request.head.headers);
  if (!order) return respond_(exchange, http::error_response(order.error(), id.text()));
  auto function = resolve_function(directory_, target.service, target.qualifier, target.function);
  if (!function) return respond_(exchange, http::error_response(function.error(), id.text()));
  if (order->asynchronous) {
    return invoke_async(exchange, id, *function, target, *std::move(order),
                        std::move(request.body));
  }
  invoke_sync(exchange, id, *function, target, *order, std::move(request.body));
}

void Invoker::invoke_sync(http::ExchangeId exchange, const CallId& id, const FunctionPtr& function,
                          const InvocationTarget& target, const InvocationOrder& order,
                          std::string event) {
  auto call = std::make_unique<Call>();
  call->id = id;
  call->function = function->id;
  call->home = self_;
  call->arrived = clock_.now();
  call->event = std::make_shared<const std::string>(std::move(event));
  call->qualifier = target.qualifier;
  call->wants_log_tail = order.wants_log_tail;
  call->exchange = exchange;
  waiting_.emplace(exchange, Waiting{id, function->id});
  ++running_;
  dispatcher_.submit(std::move(call));
}

void Invoker::on_finished(CallPtr call, Outcome outcome) {
  --running_;
  if (waiting_.erase(call->exchange) == 0) return;  // the client has gone
  respond_(call->exchange, answer_of(*call, std::move(outcome)));
}

void Invoker::client_gone(http::ExchangeId exchange) {
  const auto found = waiting_.find(exchange);
  if (found == waiting_.end()) return;
  const Waiting gone = found->second;
  waiting_.erase(found);
  if (dispatcher_.cancel(gone.function, gone.id)) --running_;
}

void Invoker::invoke_async(http::ExchangeId exchange, const CallId& id, const FunctionPtr& function,
                           const InvocationTarget& target, InvocationOrder order,
                           std::string event) {
  NewCall call;
  call.id = id;
  call.function = function->id;
  call.qualifier = target.qualifier;
  call.name = order.name;
  call.event = std::move(event);
  call.accepted = clock_.wall();
  call.due = call.accepted + order.delay;
  ++accepting_;
  queue_.accept(std::move(call),
                [this, exchange, id, name = std::move(order.name)](const Result<void>& accepted) {
                  --accepting_;
                  if (!accepted)
                    return respond_(exchange, http::error_response(accepted.error(), id.text()));
                  http::Response response;
                  response.status = 202;
                  response.headers.add("X-Fc-Request-Id", id.text());
                  if (!name.empty())
                    response.headers.add("X-Fc-Stateful-Async-Invocation-Id", name);
                  respond_(exchange, std::move(response));
                });
}

}  // namespace convoke
