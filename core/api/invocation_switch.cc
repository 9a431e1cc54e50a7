#include "core/api/invocation_switch.h"

#include <fmt/format.h>

#include <utility>

#include "core/api/answers.h"
#include "core/api/fields.h"
#include "core/http/signature.h"
#include "core/registry/stopping.h"

namespace convoke {
namespace {

void write_scope(const SwitchScope& scope, JsonWriter& writer) {
  writer.member("service", scope.service).member("function", scope.function);
}

// What still stops it, of the same scope or a wider one; "" when nothing does.
std::string still_stopped_by(const Directory& directory, const SwitchScope& scope) {
  if (const KillSwitch* off = switched_off_by(directory, scope.service, scope.function)) {
    return text_of(*off);
  }
  const FunctionPtr function = directory.find_function(scope.service, scope.function);
  if (!function || directory.limit_of(function->id) != 0U) return {};
  return fmt::format("'{}' has a limit of 0 (its maximumInstanceCount)", scope.text());
}

}  // namespace

std::string who_stops(const http::RequestHead& head, const std::optional<std::string>& by) {
  std::string name = by.value_or("");
  if (head.headers.find("Authorization") == nullptr) return name;
  const Result<http::SignedRequest> signer = http::read_signed(head);
  if (!signer || signer->access_key_id.empty()) return name;
  return name.empty() ? signer->access_key_id : fmt::format("{} ({})", signer->access_key_id, name);
}

Result<Json> parse_stop(std::string body) {
  return Json::parse_object(body.empty() || body == "null" ? "{}" : std::move(body));
}

SwitchScope scope_of(const Route& route) { return {route.service, route.function}; }

Result<Mutation> read_disable(const Route& route, http::Request request) {
  Result<Json> body = parse_stop(std::move(request.body));
  if (!body) return body.error();
  DisableInvoke disable;
  std::optional<bool> aborts;
  std::optional<bool> refuses_async;
  std::optional<std::string> reason;
  std::optional<std::string> by;
  FieldReader reader(*body);
  reader.boolean("abortOngoingRequest", aborts);
  reader.boolean("refuseAsync", refuses_async);
  reader.text("reason", reason);
  reader.text("by", by);
  reader.integer("expiresInSeconds", disable.lasts_s);
  if (Result<void> read = reader.outcome(); !read) return read.error();
  disable.scope = scope_of(route);
  disable.aborts = aborts.value_or(false);
  disable.refuses_async = refuses_async.value_or(false);
  disable.reason = reason.value_or("");
  disable.by = who_stops(request.head, by);
  return Mutation(std::move(disable));
}

Result<Mutation> read_enable(const Route& route, http::Request request) {
  Result<Json> body = parse_stop(std::move(request.body));
  if (!body) return body.error();
  EnableInvoke enable;
  std::optional<std::string> by;
  FieldReader reader(*body);
  reader.text("by", by);
  reader.integer("rampSeconds", enable.ramp_s);
  if (Result<void> read = reader.outcome(); !read) return read.error();
  enable.scope = scope_of(route);
  enable.by = who_stops(request.head, by);
  return Mutation(std::move(enable));
}

const KillSwitch* restriction_over(const Directory& directory, const FunctionSpec& spec) {
  if (const KillSwitch* off = switched_off_by(directory, spec)) return off;
  for (const KillSwitch* one : directory.switches_over(spec.service, spec.name)) {
    if (one != nullptr) return one;
  }
  return nullptr;
}

void write_restriction(const KillSwitch* restriction, JsonWriter& writer) {
  if (restriction == nullptr) return;
  writer.key("invocationRestriction").object();
  writer.key("disable").boolean(restriction->disabled);
  writer.member("reason", restriction->reason)
      .member("lastModifiedTime", rfc3339(restriction->since))
      .member("by", restriction->by);
  writer.key("scope").object();
  write_scope(restriction->scope, writer);
  writer.end();
  if (restriction->disabled) {
    writer.key("abortOngoingRequest").boolean(restriction->aborts);
    writer.key("refuseAsync").boolean(restriction->refuses_async);
  }
  if (restriction->until) {
    writer.member(restriction->disabled ? "expiresTime" : "letOutUntil",
                  rfc3339(*restriction->until));
  }
  writer.end();
}

http::Response switched_answer(const Directory& directory, const SwitchScope& scope,
                               const Switched& switched) {
  JsonWriter writer;
  writer.object().key("success").boolean(true);
  writer.member("callsEnded", std::int64_t{switched.calls_ended})
      .member("callsWaiting", static_cast<std::int64_t>(switched.calls_waiting))
      .member("stillStoppedBy", still_stopped_by(directory, scope));
  return json_answer(writer.end().take());
}

void write_missing(const std::optional<std::vector<EngineApplied>>& engines, std::uint64_t version,
                   JsonWriter& writer) {
  writer.key("missing");
  if (!engines) {
    writer.null();
    return;
  }
  writer.array();
  for (const EngineApplied& engine : *engines) {
    if (engine.version < version) writer.text(engine.name);
  }
  writer.end();
}

http::Response switches_answer(const std::vector<SwitchPtr>& switches,
                               const std::optional<std::vector<EngineApplied>>& engines) {
  JsonWriter writer;
  writer.object().key("switches").array();
  for (const SwitchPtr& one : switches) {
    writer.object();
    write_scope(one->scope, writer);
    write_restriction(one.get(), writer);
    write_missing(engines, one->version, writer);
    writer.end();
  }
  return json_answer(writer.end().end().take());
}

}  // namespace convoke
