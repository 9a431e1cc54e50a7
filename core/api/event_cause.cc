#include "core/api/event_cause.h"

#include "core/guard/temporary_credentials.h"

namespace convoke {

// A request without a token may all the same have a trace, and is a root then.
std::optional<Lineage> EventCause::lineage_of(const ObjectEvent& event,
                                              const std::optional<Lineage>& request,
                                              const CallId& id, FunctionId callee, WallTime now) {
  if (auto lineage = carried(event, id, callee, now)) return lineage;
  if (request && request->depth > 0) return request;
  const std::optional<Lineage> writer = writer_of(event, callee, now);
  if (!writer) return request;
  Lineage lineage = fresh_root_lineage(*writer, id, callee);
  if (request) lineage.trace = request->trace;
  return lineage;
}

std::optional<Lineage> EventCause::carried(const ObjectEvent& event, const CallId& id,
                                           FunctionId callee, WallTime now) const {
  if (lineages_.seal == nullptr || event.lineage.empty()) return std::nullopt;
  const auto token = lineages_.seal->open(event.lineage);
  if (!token) return std::nullopt;
  // An object is one call's work, whoever runs at that call's place by now.
  auto place = lineages_.running->at(token->place);
  if (place && place->call != token->call) place = PlaceNow{};
  return called_with(*token, place, now, id, callee);
}

std::optional<Lineage> EventCause::writer_of(const ObjectEvent& event, FunctionId callee,
                                             WallTime now) {
  auto by_who = by_principal(event.principal, callee);
  auto by_key = works_.writer_of({event.bucket, event.key, event.written}, callee, now);
  if (!by_who || !by_key) return by_who ? by_who : by_key;
  const FunctionTag tag = tag_of(callee);
  return visits_of(*by_key, tag) > visits_of(*by_who, tag) ? by_key : by_who;
}

// Stores write more before a key's ID, as "AWS:" or an ARN.
std::optional<Lineage> EventCause::by_principal(std::string_view principal, FunctionId callee) {
  if (lineages_.running == nullptr) return std::nullopt;
  const FunctionTag writer = holder_of_id(principal.substr(principal.rfind(':') + 1));
  if (writer == FunctionTag{}) return std::nullopt;
  const auto known = writers_.find({writer, tag_of(callee)});
  if (known != writers_.end()) return known->second;
  if (writers_.size() == kWritersMax) return std::nullopt;
  auto lineage = lineages_.running->least_visited(writer, tag_of(callee));
  writers_.emplace(std::pair(writer, tag_of(callee)), lineage);
  return lineage;
}

}  // namespace convoke
