// What a shard is asked, over HTTP or by the program that it is in.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "core/api/answers.h"
#include "core/api/clock.h"
#include "core/api/cloud_events.h"
#include "core/api/event_cause.h"
#include "core/api/http_trigger.h"
#include "core/api/log_query.h"
#include "core/api/object_events.h"
#include "core/api/tree_answer.h"
#include "core/http/url.h"
#include "core/registry/resolve.h"
#include "core/shard.h"

namespace convoke {
namespace {

http::Response text_response(std::string body, std::string_view request_id) {
  http::Response response;
  response.headers.add("Content-Type", "text/plain; charset=utf-8");
  response.headers.add("X-Fc-Request-Id", request_id);
  response.body = std::move(body);
  return response;
}

}  // namespace

// Whether an engine lives is asked by load balancers, which cannot sign.
Result<void> Shard::admit(const http::RequestHead& head, const Result<Route>& to) const {
  if (to && to->operation() == Operation::kHttpTrigger) return admit_http(head, *to);
  if (signed_ && to && to->operation() == Operation::kHealth) return {};
  // What no route of a custom domain fits is said to anybody.
  if (!to && directory_.find_domain(host_without_port(head.headers.get("Host")))) return to.error();
  return authenticate(head);
}

// Again, where its way may have changed since its head was: its host is, or was, a custom domain.
Result<void> Shard::admit_whole(http::ExchangeId exchange, const http::RequestHead& head,
                                const Result<Route>& to) const {
  if (OwnRequests::named(exchange)) return {};
  const bool by_domain = to && to->named_by == NamedBy::kDomain;
  const bool may_have_been = !former_domains_.empty() &&
                             former_domains_.may_hold(host_without_port(head.headers.get("Host")));
  if (!by_domain && !may_have_been) return {};
  return admit(head, to);
}

// Where requests must be signed, those through an anonymous trigger need not be.
Result<void> Shard::admit_http(const http::RequestHead& head, const Route& to) const {
  const Result<HttpTarget> target = http_target(directory_, to, head.method);
  if (!target) return target.error();
  const bool by_domain = to.named_by == NamedBy::kDomain;
  // A custom domain is for the web: its anonymous triggers are for pages and browsers too.
  if ((signed_ || by_domain) && target->trigger->as<HttpTrigger>()->anonymous) return {};
  if (!signed_ && by_domain)
    return Error{
        ErrorCode::kAccessDenied,
        "this http trigger takes signed requests alone, and the engine has no access keys"};
  const Result<void> admitted =
      authenticate(head, by_domain ? Addressed::kByOurName : Addressed::kByAnyName);
  if (admitted || admitted.error().code != ErrorCode::kMissingRequiredHeader) return admitted;
  return Error{ErrorCode::kAccessDenied,
               "this http trigger takes signed requests alone: " + admitted.error().message};
}

Result<void> Shard::authenticate(const http::RequestHead& head, Addressed addressed) const {
  const Authenticator& authenticator =
      signed_ ? static_cast<const Authenticator&>(*signed_) : anonymous_;
  if (auto who = admit_request(head, authenticator, addressed); !who) return who.error();
  return {};
}

Error Shard::shutting_down() {
  return {ErrorCode::kServiceUnavailable, "the engine is shutting down", Seconds{1}};
}

Result<std::size_t> Shard::on_head(const http::RequestHead& head) {
  if (cut_) return shutting_down();
  const auto to = route(head, directory_);
  if (auto admitted = admit(head, to); !admitted) return admitted.error();
  return body_bytes_max(head, to);
}

Result<std::size_t> Shard::body_bytes_max(const http::RequestHead& head,
                                          const Result<Route>& to) const {
  if (!to) return to.error();
  if (to->operation() == Operation::kInvokeFunction) return invoker_->event_bytes_max(head.headers);
  if (to->operation() == Operation::kHttpTrigger) {
    const Result<InvocationOrder> order = http_order(head.headers);
    if (!order) return order.error();
    if (order->asynchronous) return world_.options.async_event_bytes_max;
  }
  return to->row->body_bytes_max;
}

// The program's own are admitted: whoever could forge them has its memory.
void Shard::on_own_request(http::ExchangeId exchange, http::Request request) {
  const auto refuse = [this, exchange](const Error& why) {
    respond(exchange, http::error_response(why, next_call_id().text()));
  };
  if (draining_) return refuse(shutting_down());
  const Result<std::size_t> bytes_max =
      body_bytes_max(request.head, route(request.head, directory_));
  if (!bytes_max) return refuse(bytes_max.error());
  if (request.body.size() > *bytes_max) return refuse(http::body_too_large(*bytes_max));
  on_request(exchange, std::move(request));
}

void Shard::respond(http::ExchangeId exchange, http::Response response) {
  if (OwnRequests::named(exchange)) return own_.respond(exchange, std::move(response));
  server_.respond(exchange, std::move(response));
}

void Shard::on_request(http::ExchangeId exchange, http::Request request) {
  const CallId id = next_call_id();
  auto to = route(request.head, directory_);
  if (auto admitted = admit_whole(exchange, request.head, to); !admitted)
    return respond(exchange, http::error_response(admitted.error(), id.text()));
  if (!to) return respond(exchange, http::error_response(to.error(), id.text()));
  switch (to->row->answered_by) {
    case AnsweredBy::kInvoker:
      if (to->operation() == Operation::kHttpTrigger)
        return invoker_->invoke_http(exchange, id, *to, std::move(request));
      if (to->operation() == Operation::kObjectEvents)
        return take_object_events(exchange, id, std::move(request));
      if (to->operation() == Operation::kCloudEvents)
        return take_cloud_events(exchange, id, std::move(request));
      return invoker_->invoke(exchange, id, {to->service, to->qualifier, to->function},
                              std::move(request));
    case AnsweredBy::kControlPlane:
      return control_plane_.handle(
          *to, std::move(request), id.text(),
          [this, exchange](http::Response response) { respond(exchange, std::move(response)); });
    case AnsweredBy::kTasks:
      return tasks_.handle(
          *to, std::move(request), id.text(),
          [this, exchange](http::Response response) { respond(exchange, std::move(response)); });
    case AnsweredBy::kEngine:
      return answer_by_engine(exchange, *to, request, id.text());
  }
}

void Shard::take_object_events(http::ExchangeId exchange, const CallId& id, http::Request request) {
  const auto refuse = [this, exchange, id](const Error& why) {
    respond(exchange, http::error_response(why, id.text()));
  };
  const auto events = read_object_events(std::move(request.body));
  if (!events) return refuse(events.error());
  auto set_off = calls_set_off(*events, object_triggers_);
  if (!set_off) return refuse(set_off.error());
  EventCause cause(world_.lineage, world_.works);
  std::size_t dropped = set_off->dropped;
  std::vector<TriggeredCall> calls;
  for (std::size_t i = 0; i < set_off->calls.size(); ++i) {
    TriggeredCall& call = set_off->calls[i];
    call.id = next_call_id();
    const auto of_request = invoker_->lineage_of(request.head, call.id, call.function);
    call.lineage = cause.lineage_of((*events)[set_off->events[i]], of_request, call.id,
                                    call.function, clock_.wall());
    // What a stopped tree has written is nobody's work any more; the others of the notification
    // are.
    const bool of_its_own = call.lineage && (!of_request || call.lineage->root != of_request->root);
    if (of_its_own && directory_.stopped_tree(call.lineage->root) != nullptr) {
      ++dropped;
    } else {
      calls.push_back(std::move(call));
    }
  }
  events_dropped_ += dropped;
  accept_set_off(exchange, id, std::move(calls), dropped);
}

void Shard::take_cloud_events(http::ExchangeId exchange, const CallId& id, http::Request request) {
  const auto refuse = [this, exchange, id](const Error& why) {
    respond(exchange, http::error_response(why, id.text()));
  };
  const auto events = read_cloud_events(request.head.headers, std::move(request.body));
  if (!events) return refuse(events.error());
  auto calls = calls_set_off(*events, event_triggers_);
  if (!calls) return refuse(calls.error());
  // Children of the call that tells of the events, where one does.
  for (TriggeredCall& call : *calls) {
    call.id = next_call_id();
    call.lineage = invoker_->lineage_of(request.head, call.id, call.function);
  }
  accept_set_off(exchange, id, *std::move(calls), 0);
}

void Shard::accept_set_off(http::ExchangeId exchange, const CallId& id,
                           std::vector<TriggeredCall> calls, std::size_t dropped) {
  std::vector<std::string> ids;
  for (const TriggeredCall& call : calls) ids.push_back(call.id.text());
  invoker_->accept_triggered(std::move(calls), [=, this](const Result<void>& accepted) {
    respond(exchange, accepted ? object_events_answer(ids, dropped, id.text())
                               : http::error_response(accepted.error(), id.text()));
  });
}

void Shard::answer_by_engine(http::ExchangeId exchange, const Route& to,
                             const http::Request& request, const std::string& request_id) {
  switch (to.operation()) {
    case Operation::kReadLogs:
      return answer_logs(exchange, to, request, request_id);
    case Operation::kGetClock:
    case Operation::kAdvanceClock:
      return answer_clock(exchange, to, request, request_id);
    case Operation::kGetMetrics:
      return answer_metrics(exchange, request_id);
    case Operation::kCloudEventsHandshake:
      return respond(exchange, finished(webhook_handshake(request.head.headers), request_id));
    case Operation::kGetTree:
      return answer_tree(exchange, to, request_id);
    default:
      return answer_health(exchange, request_id);
  }
}

// 200 as soon as requests are served at all; what is wrong with the queue is said in words.
void Shard::answer_health(http::ExchangeId exchange, const std::string& request_id) {
  const Result<void> queue = store_->queue().health();
  respond(exchange,
          text_response(queue ? "ok\n"
                              : fmt::format("ok, but asynchronous calls are refused: {}\n",
                                            queue.error().message),
                        request_id));
}

void Shard::answer_logs(http::ExchangeId exchange, const Route& to, const http::Request& request,
                        const std::string& request_id) {
  auto function = resolve_function(directory_, to.service, to.qualifier, to.function);
  auto query = read_log_query(request.head.query());
  if (!function || !query) {
    const Error& why = function ? query.error() : function.error();
    return respond(exchange, http::error_response(why, request_id));
  }
  const auto lines = std::make_shared<std::string>();
  logging_.run(
      [this, id = (*function)->id, query = *query, lines] {
        for (const auto& line : world_.logs.read_tail(id, query.lines_max, query.call)) {
          (*lines += line) += '\n';
        }
      },
      [this, exchange, request_id, lines] {
        respond(exchange, text_response(std::move(*lines), request_id));
      });
}

void Shard::answer_clock(http::ExchangeId exchange, const Route& to, const http::Request& request,
                         const std::string& request_id) {
  const auto refuse = [this, exchange, request_id](const Error& why) {
    respond(exchange, http::error_response(why, request_id));
  };
  const auto show = [this, exchange, request_id](const std::optional<AdvanceResult>& result) {
    http::Response response = clock_answer(clock_.wall(), time_->time().passed(), result);
    response.headers.set("X-Fc-Request-Id", request_id);
    respond(exchange, std::move(response));
  };
  if (!time_) return refuse(time_is_real());
  if (to.operation() == Operation::kGetClock) return show(std::nullopt);
  const Result<AdvanceOrder> order = read_advance(request.body);
  if (!order) return refuse(order.error());
  world_.clock_desk.advance(*order, self_, [refuse, show](Result<AdvanceResult> result) {
    if (!result) return refuse(result.error());
    show(*result);
  });
}

void Shard::answer_tree(http::ExchangeId exchange, const Route& to, const std::string& request_id) {
  const auto refuse = [this, exchange, request_id](const Error& why) {
    respond(exchange, http::error_response(why, request_id));
  };
  const std::optional<CallId> id = CallId::parse(to.invocation);
  if (!id) return refuse({ErrorCode::kInvalidArgument, "a tree is asked for by a request id"});
  world_.trees.ask(*id, self_, [=, this](std::optional<RootLedger::Tree> tree) {
    if (!tree) return refuse(no_such_tree(*id));
    http::Response response =
        text_response(tree_json(*tree, directory_, clock_.wall()), request_id);
    response.headers.set("Content-Type", "application/json");
    respond(exchange, std::move(response));
  });
}

void Shard::sample(const std::vector<FunctionPtr>& shown, Sampled sampled) {
  std::vector<FunctionId> functions;
  for (const FunctionPtr& function : shown) functions.push_back(function->id);
  std::vector<std::optional<ShutWindow>> windows;
  for (const FunctionId function : functions) windows.push_back(shut_window(function));
  store_->count(functions, [this, windows = std::move(windows),
                            sampled = std::move(sampled)](ShardStore::Counts counts) mutable {
    ShardSample sample = own_sample();
    sample.windows = std::move(windows);
    sample.functions = std::move(counts.functions);
    sample.all = counts.all;
    sampled(std::move(sample));
  });
}

std::optional<ShutWindow> Shard::shut_window(FunctionId function) const {
  const auto held = pump_.pacer().held(function);
  if (!held || pump_.pacer().room(function) > 0) return std::nullopt;
  return ShutWindow{held->limit, held->under_way,
                    std::max(Duration{}, held->paused_until - clock_.now())};
}

ShardSample Shard::own_sample() const {
  ShardSample sample;
  const DispatchCounters& counters = dispatcher_.counters();
  sample.started = counters.started;
  sample.moved = counters.moved;
  sample.bounced = counters.bounced;
  const LineageCounters& guarded = guard_.counters();
  sample.recursion_refused = guarded.recursion_refused;
  sample.recursion_warned = guarded.recursion_warned;
  sample.budget_refused = guarded.budget_refused;
  sample.budget_warned = guarded.budget_warned;
  sample.retries_held = pump_.pacer().counters().retries_held;
  sample.overload_cuts = pump_.pacer().counters().cuts;
  sample.functions_held = pump_.pacer().functions_held();
  sample.generation_refused = generations_.refused();
  sample.events_dropped = events_dropped_;
  const std::set<std::uint64_t>& paused = object_triggers_.paused();
  sample.triggers_paused = static_cast<std::size_t>(std::count_if(
      paused.begin(), paused.end(), [this](std::uint64_t id) { return looks_after(id); }));
  sample.instances = dispatcher_.instances();
  sample.calls_here = dispatcher_.calls_here();
  sample.connections = server_.connections();
  sample.exchanges = server_.exchanges_open();
  sample.store_healthy = store_->queue().health().ok();
  return sample;
}

void Shard::answer_metrics(http::ExchangeId exchange, const std::string& request_id) {
  std::vector<FunctionPtr> shown = directory_.all_functions();
  if (shown.size() > kFunctionsShownMax) shown.resize(kFunctionsShownMax);
  std::vector<FunctionLabel> labels;
  for (const FunctionPtr& function : shown) {
    labels.push_back({function->spec.service, function->spec.name});
  }
  world_.metrics_desk.gather(
      std::move(shown), self_,
      [this, exchange, request_id, labels = std::move(labels)](std::vector<ShardSample> samples) {
        const EngineFacts facts{CONVOKE_VERSION, loop_.now() - started_at_};
        http::Response response = text_response(metrics_text(labels, samples, facts), request_id);
        response.headers.set("Content-Type", kMetricsContentType);
        respond(exchange, std::move(response));
      });
}

}  // namespace convoke
