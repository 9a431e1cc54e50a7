#include "workers/invoke_head.h"

#include <string>
#include <string_view>
#include <utility>

#include "workers/carried.h"

namespace convoke {
namespace {

constexpr std::string_view kControlPath = "x-fc-control-path";
constexpr std::string_view kHost = "Host";
constexpr std::string_view kTraceState = "tracestate";
constexpr std::string_view kContentType = "content-type";

void put_credentials(http::Headers& headers, const http::AccessKey& credentials) {
  headers.set("x-fc-access-key-id", credentials.id);
  headers.set("x-fc-access-key-secret", credentials.secret);
  headers.set("x-fc-security-token", credentials.security_token);
}

// What stays the same for every call of an instance. Values that do not apply are present, empty.
void add_fixed(http::Headers& headers, const Function& function, const Place& place) {
  const FunctionSpec& spec = function.spec;
  put_credentials(headers, place.credentials != nullptr ? *place.credentials->of(function.id)
                                                        : http::AccessKey{});
  headers.add("x-fc-function-name", spec.name);
  headers.add("x-fc-function-handler", spec.handler);
  headers.add("x-fc-function-memory", std::to_string(spec.memory_mb));
  headers.add("x-fc-function-timeout", std::to_string(spec.timeout.count()));
  headers.add("x-fc-function-initializer", spec.initializer);
  headers.add("x-fc-initialization-timeout", std::to_string(spec.initialization_timeout.count()));
  headers.add("x-fc-service-name", spec.service);
  headers.add("x-fc-service-logproject", "");
  headers.add("x-fc-service-logstore", "");
  headers.add("x-fc-version-id", "LATEST");
  headers.add("x-fc-region", place.region);
  headers.add("x-fc-account-id", place.account_id);
  headers.add("x-fc-instance-lifecycle-pre-stop-handler", "");
  headers.add("x-fc-instance-lifecycle-pre-freeze-handler", "");
  headers.add("x-fc-tracing-opentracing-span-context", "");
  headers.add("x-fc-tracing-opentracing-span-baggages", "");
  headers.add("x-fc-tracing-jaeger-endpoint", "");
}

http::RequestHead head_for(std::string_view path, const CallId& request_id) {
  http::RequestHead head;
  head.method = "POST";
  head.target = path;
  head.headers.add("x-fc-request-id",
                   request_id.text());  // first: those that change are found fast
  head.headers.add("x-fc-retry-count", "0");
  head.headers.add("x-fc-qualifier", "");
  head.headers.add("x-convoke-attempt", "1");
  head.headers.add(kControlPath, path);
  head.headers.add(kContentType, "application/octet-stream");
  return head;
}

}  // namespace

http::RequestHead initialize_head(const Function& function, const Place& place,
                                  const CallId& request_id,
                                  const std::optional<CarriedLineage>& lineage) {
  http::RequestHead head = head_for("/initialize", request_id);
  add_fixed(head.headers, function, place);
  if (lineage) {
    const std::string_view text = view_of(lineage->token);
    const std::string_view base = head.headers.get("x-fc-security-token");
    head.headers.set("x-fc-security-token", security_token_with(base, text));
    head.headers.add("x-convoke-lineage", text);
  }
  return head;
}

InvokeHead::InvokeHead(const Function& function, const Place& place)
    : function_(function.id),
      source_(place.credentials),
      credentials_(source_ != nullptr ? source_->of(function_) : nullptr),
      kept_(head_for("/invoke", CallId{})) {
  add_fixed(kept_.headers, function, place);
}

void InvokeHead::refresh_credentials() {
  CredentialsPtr of_now = source_->of(function_);
  if (of_now == credentials_) return;
  credentials_ = std::move(of_now);
  put_credentials(kept_.headers, *credentials_);
}

void InvokeHead::put_lineage(const CarriedLineage& lineage, const CallId& call) {
  http::Headers& headers = kept_.headers;
  const std::string_view text = view_of(lineage.token);
  if (credentials_ != nullptr) {
    headers.set("x-fc-security-token", security_token_with(credentials_->security_token, text));
  }
  headers.set("x-convoke-lineage", text);
  headers.set("traceparent", traceparent_of(lineage.trace, call));
  headers.set("tracestate", tracestate_of(lineage.token));
}

const http::RequestHead& InvokeHead::for_attempt(const Attempt& attempt) {
  if (source_ != nullptr) refresh_credentials();
  http::Headers& headers = kept_.headers;
  if (attempt.lineage) put_lineage(*attempt.lineage, attempt.id);
  headers.set("x-fc-request-id", attempt.id.text());
  headers.set("x-fc-retry-count", std::to_string(attempt.retry_count));
  headers.set("x-fc-qualifier", attempt.qualifier);
  headers.set("x-convoke-attempt", std::to_string(attempt.retry_count + 1));
  if (attempt.http != nullptr) return for_http(attempt.http->head);
  if (!attempt.asynchronous) return kept_;

  extra_ = kept_;
  extra_.headers.add("x-convoke-fencing-token", std::to_string(attempt.epoch.value));
  if (attempt.maybe_repeated) extra_.headers.add("x-convoke-maybe-repeated", "1");
  return extra_;
}

const http::RequestHead& InvokeHead::for_http(const http::RequestHead& client) {
  extra_.method = client.method;
  extra_.target = client.target;
  extra_.headers = http::Headers();
  if (const std::string* host = client.headers.find(kHost)) extra_.headers.add(kHost, *host);
  for (const http::Header& header : kept_.headers) {
    if (header.name == kContentType) continue;  // the client's own
    const bool path = header.name == kControlPath;
    extra_.headers.add(header.name, path ? "/http-invoke" : std::string_view(header.value));
  }
  for (const http::Header& header : client.headers) {
    if (http::equal_ignoring_case(header.name, kHost)) continue;
    // What is said of a call stands there already; other vendors' entries go behind ours.
    const std::string* ours = kept_.headers.find(header.name);
    const bool own = http::equal_ignoring_case(header.name, kContentType);
    if (ours == nullptr || own) {
      extra_.headers.add(header);
    } else if (http::equal_ignoring_case(header.name, kTraceState) &&
               header.value.find("convoke=") == std::string::npos) {
      extra_.headers.set(kTraceState, *ours + "," + header.value);
    }
  }
  return extra_;
}

}  // namespace convoke
