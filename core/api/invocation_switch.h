// Kill switches: from a request to what it asks for, and how they are shown. Pure.
//
//   POST .../invoke/disable {abortOngoingRequest, reason; ours: by, expiresInSeconds, refuseAsync}
//   POST .../invoke/enable  {ours: by, rampSeconds}
//   -> {success; ours: callsEnded, callsWaiting, stillStoppedBy}
//
// `callsEnded`: that were cut, on the engine that was asked. `callsWaiting`: asynchronous ones that
// have not ended.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/api/json.h"
#include "core/api/router.h"
#include "core/http/message.h"
#include "core/model/error.h"
#include "core/model/json_writer.h"
#include "core/registry/directory.h"
#include "core/registry/mutation.h"
#include "core/registry/source.h"

namespace convoke {

[[nodiscard]] SwitchScope scope_of(const Route& route);
[[nodiscard]] Result<Mutation> read_disable(const Route& route, http::Request request);
[[nodiscard]] Result<Mutation> read_enable(const Route& route, http::Request request);

// What becomes of a function's calls by switches: the narrowest that is on, else the narrowest
// under which it is being let out; nullptr: none.
[[nodiscard]] const KillSwitch* restriction_over(const Directory& directory,
                                                 const FunctionSpec& spec);
// The member invocationRestriction; nothing without one.
void write_restriction(const KillSwitch* restriction, JsonWriter& writer);

struct Switched {
  std::uint32_t calls_ended = 0;
  std::uint64_t calls_waiting = 0;
};
// `scope`: of the switch that was changed.
[[nodiscard]] http::Response switched_answer(const Directory& directory, const SwitchScope& scope,
                                             const Switched& switched);

// What stops of any kind have in common.
//
// The key that signed the request, and the name that its sender goes by. Where requests need not be
// signed, either is what they say.
[[nodiscard]] std::string who_stops(const http::RequestHead& head,
                                    const std::optional<std::string>& by);
// No body is as good as an empty one.
[[nodiscard]] Result<Json> parse_stop(std::string body);
// The member missing: by name, those of the engines that live and have not confirmed that version;
// null where they cannot be asked.
void write_missing(const std::optional<std::vector<EngineApplied>>& engines, std::uint64_t version,
                   JsonWriter& writer);

// {switches: [{service, function, invocationRestriction, missing}]}.
[[nodiscard]] http::Response switches_answer(
    const std::vector<SwitchPtr>& switches,
    const std::optional<std::vector<EngineApplied>>& engines);

}  // namespace convoke
