#include "workers/handler_runtime.h"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>

#include "workers/carried.h"
#include "workers/http_frames.h"
#include "workers/start_errors.h"

namespace convoke {
namespace {

using Json = rapidjson::Writer<rapidjson::StringBuffer>;

void put(Json& json, std::string_view key, std::string_view value) {
  json.Key(key.data(), static_cast<rapidjson::SizeType>(key.size()));
  json.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
}

void put(Json& json, std::string_view key, std::uint64_t value) {
  json.Key(key.data(), static_cast<rapidjson::SizeType>(key.size()));
  json.Uint64(value);
}

// Where there are any that the runtime has not been told yet.
void put_credentials(Json& json, const http::AccessKey* credentials) {
  if (credentials == nullptr) return;
  json.Key("credentials");
  json.StartObject();
  put(json, "access_key_id", credentials->id);
  put(json, "access_key_secret", credentials->secret);
  put(json, "security_token", credentials->security_token);
  json.EndObject();
}

// Tokens are told without it, so that they stay the same from call to call.
void put_lineage(Json& json, const std::optional<CarriedLineage>& lineage) {
  if (lineage) put(json, "lineage", view_of(lineage->token));
}

std::string setup_json(const Function& function, const Place& place,
                       const http::AccessKey* credentials,
                       const std::optional<CarriedLineage>& lineage) {
  const FunctionSpec& spec = function.spec;
  rapidjson::StringBuffer buffer;
  Json json(buffer);
  json.StartObject();
  put(json, "code_directory", function.code.directory);
  put(json, "handler", spec.handler);
  put(json, "initializer", spec.initializer);
  put(json, "concurrency", spec.instance_concurrency);
  put(json, "region", place.region);
  put(json, "account_id", place.account_id);
  json.Key("function");
  json.StartObject();
  put(json, "name", spec.name);
  put(json, "memory", spec.memory_mb);
  put(json, "timeout", static_cast<std::uint64_t>(spec.timeout.count()));
  put(json, "initialization_timeout",
      static_cast<std::uint64_t>(spec.initialization_timeout.count()));
  json.EndObject();
  json.Key("service");
  json.StartObject();
  put(json, "name", spec.service);
  json.EndObject();
  put(json, "reply_bytes_max", kReplyBytesMax);
  put_credentials(json, credentials);
  put_lineage(json, lineage);
  json.EndObject();
  return {buffer.GetString(), buffer.GetSize()};
}

std::string invoke_json(const Attempt& attempt, const http::AccessKey* credentials) {
  rapidjson::StringBuffer buffer;
  Json json(buffer);
  json.StartObject();
  put(json, "request_id", attempt.id.text());
  put(json, "qualifier", attempt.qualifier);
  put(json, "retry_count", attempt.retry_count);
  put(json, "attempt", attempt.retry_count + 1);
  if (attempt.asynchronous) {
    put(json, "fencing_token", attempt.epoch.value);
    json.Key("maybe_repeated");
    json.Bool(attempt.maybe_repeated);
  }
  if (attempt.http != nullptr) {
    json.Key("http");
    json.Bool(true);
  }
  put_credentials(json, credentials);
  put_lineage(json, attempt.lineage);
  if (attempt.lineage) {
    put(json, "traceparent", traceparent_of(attempt.lineage->trace, attempt.id));
  }
  json.EndObject();
  return {buffer.GetString(), buffer.GetSize()};
}

}  // namespace

HandlerRuntime::HandlerRuntime(FunctionPtr function, std::string instance_id, const Place& place,
                               const HandlerRuntimeOptions& options, Wires& wires)
    : function_(std::move(function)),
      instance_id_(std::move(instance_id)),
      place_(place),
      options_(options),
      wires_(wires) {}

HandlerRuntime::~HandlerRuntime() = default;

Result<SpawnRequest> HandlerRuntime::open(LinkHost& host) {
  host_ = &host;
  const std::string path = options_.socket_directory + '/' + instance_id_;
  Result<std::unique_ptr<Listener>> listener =
      wires_.listen({Address::Kind::kUnix, path, 0}, *this);
  if (!listener.ok()) {
    return Error{ErrorCode::kInternalServerError,
                 "the socket " + path + " for the function's runtime could not be opened: " +
                     listener.error().message};
  }
  listener_ = std::move(*listener);
  return SpawnRequest{{options_.python, "-s", options_.python_runtime, path},
                      child_environment(*function_, instance_id_, place_, std::nullopt),
                      function_->code.directory};
}

void HandlerRuntime::spawned(Process& /*process*/) {}
void HandlerRuntime::on_listener(const ListenerReport& /*report*/) {}

void HandlerRuntime::on_accept(std::unique_ptr<Wire> wire) {
  if (wire_ != nullptr) return;  // only the first one counts
  wire_ = std::move(wire);
  wire_->attach(*this);
  send(encode_frame(
      FrameKind::kSetup, 0,
      setup_json(*function_, place_, new_credentials(), host_->lineage_before_calls())));
}

void HandlerRuntime::initialize(const CallId& request_id) {
  rapidjson::StringBuffer buffer;
  Json json(buffer);
  json.StartObject();
  put(json, "request_id", request_id.text());
  json.EndObject();
  send(encode_frame(FrameKind::kInitialize, 0, {buffer.GetString(), buffer.GetSize()}));
}

void HandlerRuntime::invoke(const Attempt& attempt) {
  const std::string_view event =
      attempt.event != nullptr ? std::string_view(*attempt.event) : std::string_view();
  const bool is_http = attempt.http != nullptr;
  const std::string request = is_http ? http_event(attempt.http->head, event) : std::string();
  send(encode_invoke(++last_call_, invoke_json(attempt, new_credentials()),
                     is_http ? std::string_view(request) : event));
  calls_.push_back({last_call_, attempt.id, sent_, is_http});
}

const http::AccessKey* HandlerRuntime::new_credentials() {
  if (place_.credentials == nullptr) return nullptr;
  CredentialsPtr of_now = place_.credentials->of(function_->id);
  if (of_now == credentials_) return nullptr;
  credentials_ = std::move(of_now);
  return credentials_.get();
}

void HandlerRuntime::send(std::string frame) {
  sent_ += frame.size();
  if (wire_ != nullptr) wire_->write(std::move(frame));
}

void HandlerRuntime::on_bytes(std::string_view bytes) {
  while (std::optional<Frame> frame = reader_.next(bytes)) take(std::move(*frame));
  if (reader_.broken()) host_->link_broken({});
}

void HandlerRuntime::take(Frame frame) {
  switch (frame.kind) {
    case FrameKind::kReady:
      if (std::exchange(ready_, true)) break;
      listener_.reset();
      return host_->link_up(0);
    case FrameKind::kInitialized:
      return host_->initialized(frame.payload.empty() ? std::nullopt
                                                      : std::optional(std::move(frame.payload)));
    case FrameKind::kResult:
      return take_answer(std::move(frame), FunctionError::kNone);
    case FrameKind::kError:
      return take_answer(std::move(frame), FunctionError::kUnhandled);
    case FrameKind::kSetup:
    case FrameKind::kInitialize:
    case FrameKind::kInvoke:
      break;
  }
  host_->link_broken({});
}

void HandlerRuntime::take_answer(Frame frame, FunctionError kind) {
  const auto call = std::find_if(calls_.begin(), calls_.end(),
                                 [&frame](const Inside& one) { return one.number == frame.call; });
  if (call == calls_.end()) return;  // a second answer changes nothing
  const CallId id = call->id;
  const bool is_http = call->is_http && kind == FunctionError::kNone;
  calls_.erase(call);
  if (is_http) return take_http_answer(id, std::move(frame.payload));
  host_->answered(id, std::move(frame.payload), kind);
}

void HandlerRuntime::take_http_answer(const CallId& id, std::string payload) {
  Result<http::Response> answer = read_http_answer(std::move(payload));
  if (!answer) return host_->answered_badly(id, answer.error());
  host_->answered_http(id, *std::move(answer));
}

void HandlerRuntime::on_eof() { break_link(); }

void HandlerRuntime::on_closed(const Error& /*why*/) { break_link(); }

// What was not sent yet never will be: a call that has not begun must not begin after all.
void HandlerRuntime::break_link() {
  const std::vector<CallId> never_begun = unread();
  wire_.reset();
  host_->link_broken(never_begun);
}

// The runtime runs a call when it has read the whole of it.
std::vector<CallId> HandlerRuntime::unread() const {
  std::vector<CallId> ids;
  for (const Inside& call : calls_) {
    if (call.ends > sent_ - wire_->never_read()) ids.push_back(call.id);
  }
  return ids;
}

std::string HandlerRuntime::waiting_for() const {
  return wire_ == nullptr ? "The function's runtime has not connected within 120 seconds."
                          : "The module of handler '" + function_->spec.handler +
                                "' was not loaded within 120 seconds.";
}

Error HandlerRuntime::spawn_error(const SpawnFailure& failure) const {
  if (failure.step == "chdir") return bootstrap_not_spawned(failure);
  return program_not_spawned(options_.python, failure);
}

}  // namespace convoke
