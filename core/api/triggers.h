// Triggers, between JSON and the registry's values. Pure.
//
// Members: triggerName, triggerType, description, sourceArn, invocationRole, qualifier,
// triggerConfig: of http {authType, methods}, of timer {cronExpression, payload, enable}, of oss
// {events, filter: {key: {prefix, suffix}}, maxGenerations (ours)}, of cloudevents (ours) {filters:
// [{exact | prefix | suffix: {ATTRIBUTE: VALUE}}]}; of any (ours) {outputs: ["BUCKET/PREFIX"],
// allowLoop}. A triggerConfig in a PUT replaces the one there is as a whole. Of oss also (ours)
// paused: true or false; shown, with pausedTime and pausedReason, while it is true.
#pragma once

#include "core/api/router.h"
#include "core/http/message.h"
#include "core/model/error.h"
#include "core/model/json_writer.h"
#include "core/registry/mutation.h"
#include "core/registry/trigger.h"

namespace convoke {

[[nodiscard]] Result<Mutation> read_create_trigger(const Route& route, http::Request request);
[[nodiscard]] Result<Mutation> read_update_trigger(const Route& route, http::Request request);
[[nodiscard]] Mutation read_delete_trigger(const Route& route, const http::Request& request);

void write_trigger(const Trigger& trigger, JsonWriter& writer);

}  // namespace convoke
