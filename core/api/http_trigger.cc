#include "core/api/http_trigger.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

#include "core/api/invoke.h"
#include "core/registry/resolve.h"

namespace convoke {
namespace {

// Ours both ways; of a client, so that it can pass for no token or mark of the engine's.
constexpr std::array<std::string_view, 2> kReserved = {"x-fc-", "x-convoke-"};

// Of one connection, not of what is sent over it.
constexpr std::array<std::string_view, 9> kOfTheConnection = {
    "connection", "keep-alive", "proxy-connection", "transfer-encoding",
    "te",         "trailer",    "upgrade",          "content-length",
    "expect"};
constexpr std::array<std::string_view, 2> kOfTheEngine = {"date", "server"};

// CGI and WSGI take '_' and '-' in a name for the same.
bool is_reserved(std::string_view name) {
  std::string plain(name.substr(0, 10));
  std::replace(plain.begin(), plain.end(), '_', '-');
  return std::any_of(kReserved.begin(), kReserved.end(), [&plain](std::string_view prefix) {
    return http::equal_ignoring_case(plain.substr(0, prefix.size()), prefix);
  });
}

template <class Names>
bool is_one_of(std::string_view name, const Names& names) {
  return std::any_of(names.begin(), names.end(), [name](std::string_view other) {
    return http::equal_ignoring_case(name, other);
  });
}

// The signature of a request to this engine says nothing to a function, and could be used again.
bool is_signature(const http::Header& header) {
  return http::equal_ignoring_case(header.name, "authorization") &&
         std::string_view(header.value).starts_with("FC ");
}

constexpr std::array<std::string_view, 4> kSignatureItems = {
    "x-fc-access-key-id", "x-fc-expires", "x-fc-signature", "x-fc-security-token"};

// The same of a signed URL. All else stays as it is, byte for byte.
std::string without_signature(std::string_view target) {
  const std::size_t mark = target.find('?');
  if (mark == std::string_view::npos) return std::string(target);
  std::string passed(target.substr(0, mark));
  char before = '?';
  for (std::string_view rest = target.substr(mark + 1); !rest.empty();) {
    const std::size_t end = std::min(rest.find('&'), rest.size());
    const std::string_view item = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (is_one_of(item.substr(0, item.find('=')), kSignatureItems)) continue;
    (passed += std::exchange(before, '&')) += item;
  }
  return passed;
}

bool is_attachment(const http::Header& header) {
  return http::equal_ignoring_case(header.name, "content-disposition") &&
         http::equal_ignoring_case(header.value, "attachment");
}

std::string base_path(const Route& route) {
  if (route.named_by != NamedBy::kPath) return {};
  const std::string_view dot = route.qualifier.empty() ? "" : ".";
  return fmt::format("/2016-08-15/proxy/{}{}{}/{}", route.service, dot, route.qualifier,
                     route.function);
}

void add_own(http::Response& response, const Call& call, const Outcome& outcome) {
  response.headers.add("X-Fc-Request-Id", call.id.text());
  if (!outcome.instance_id.empty()) response.headers.add("X-Fc-Instance-Id", outcome.instance_id);
}

http::Response passed_on(const Call& call, Outcome& outcome) {
  http::Response response;
  response.status = outcome.reply.http->status;
  for (const http::Header& header : outcome.reply.http->headers) {
    if (is_reserved(header.name) || is_attachment(header) ||
        is_one_of(header.name, kOfTheConnection) || is_one_of(header.name, kOfTheEngine))
      continue;
    response.headers.add(header);
  }
  add_own(response, call, outcome);
  if (call.http->default_path) response.headers.set("Content-Disposition", "attachment");
  response.body = std::move(outcome.reply.body);
  return response;
}

}  // namespace

Result<HttpTarget> http_target(const Directory& directory, const Route& route,
                               std::string_view method) {
  const Result<FunctionPtr> function =
      resolve_function(directory, route.service, route.qualifier, route.function);
  if (!function) return function.error();
  TriggerPtr trigger = directory.http_trigger_of((*function)->id, route.qualifier);
  if (!trigger)
    return Error{ErrorCode::kTriggerNotFound,
                 fmt::format("function '{}' in service '{}' has no http trigger", route.function,
                             route.service)};
  if (!trigger->as<HttpTrigger>()->allows(method))
    return Error{
        ErrorCode::kMethodNotAllowed,
        fmt::format("the http trigger '{}' does not allow the method '{}'", trigger->name, method)};
  return HttpTarget{*function, std::move(trigger)};
}

Result<void> check_http_call(const HttpTarget& target) {
  if (target.function->spec.runtime != Runtime::kInProcess) return {};
  return Error{ErrorCode::kInvalidArgument,
               "a function that is part of the program that runs this engine takes events alone: "
               "send them to .../invocations"};
}

Result<InvocationOrder> http_order(const http::Headers& headers) {
  if (!http::equal_ignoring_case(headers.get("X-Fc-Invocation-Type"), "Async"))
    return InvocationOrder{};
  Result<InvocationOrder> order = read_order(headers);
  if (order) order->wait.reset();
  return order;
}

http::RequestHead head_for_function(const Route& route, http::RequestHead head) {
  http::RequestHead passed;
  passed.method = std::move(head.method);
  passed.target = without_signature(head.target);
  for (const http::Header& header : head.headers) {
    if (is_reserved(header.name) || is_signature(header) ||
        is_one_of(header.name, kOfTheConnection))
      continue;
    passed.headers.add(header);
  }
  passed.headers.add("x-fc-base-path", base_path(route));
  return passed;
}

http::Response http_answer_of(const Call& call, Outcome outcome) {
  if (outcome.reply.http && !outcome.error && !outcome.reply.system_error)
    return passed_on(call, outcome);
  // Who asks may be anybody: why a function or a tree is stopped, and by whom, is not for them.
  if (outcome.error && outcome.error->code == ErrorCode::kResourceThrottled) {
    outcome.error->message = "Reserve resource exceeded limit";
  } else if (outcome.error && outcome.error->code == ErrorCode::kInvocationTreeStopped) {
    outcome.error->message = "the call was stopped";
  }
  const bool function_error = outcome.reply.function_error != FunctionError::kNone;
  http::Response response = answer_of(call, std::move(outcome));
  if (function_error && response.status == 200) response.status = 502;
  return response;
}

}  // namespace convoke
