// What a client asks of the registry, as values: made by the API, executed by Registry on its
// thread. Nothing in here has been checked yet, unless it says so.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/model/function.h"
#include "core/registry/custom_domain.h"
#include "core/registry/definitions.h"
#include "core/registry/event_filter.h"
#include "core/registry/kill_switch.h"

namespace convoke {

// An ETag the client has seen ("*": any). Absent: no precondition.
using IfMatch = std::optional<std::string>;

// Members as sent: what is absent keeps its value on an update and takes its default on a create.
struct ServiceFields {
  std::optional<std::string> description;
  std::optional<std::string> role;
  std::optional<bool> internet_access;
  JsonMembers extra;
};

struct FunctionFields {
  std::optional<std::string> description;
  std::optional<std::string> runtime;
  std::optional<std::string> handler;
  std::optional<std::string> initializer;
  std::optional<std::int64_t> initialization_timeout_s;
  std::optional<std::int64_t> timeout_s;
  std::optional<std::int64_t> memory_mb;
  std::optional<std::int64_t> instance_concurrency;
  std::optional<std::int64_t> ca_port;
  std::optional<std::vector<std::pair<std::string, std::string>>> environment;  // replaces all
  JsonMembers extra;
  std::optional<std::string> zip_base64;  // decoded on the registry's thread, not on a shard's
};

struct AsyncConfigFields {
  std::optional<std::string> on_success;  // a destination; "" takes the one there is away (ours)
  std::optional<std::string> on_failure;
  std::optional<std::int64_t> age_max_s;
  std::optional<std::int64_t> retries_max;
  std::optional<bool> stateful;
  std::optional<bool> allow_loop;  // ours (loop_check.h)
};

// Of one kind; those of others are ignored.
struct TriggerConfigFields {
  std::optional<std::string> auth_type;  // http
  std::optional<std::vector<std::string>> methods;
  std::optional<std::string> cron_expression;  // timer
  std::optional<std::string> payload;
  std::optional<bool> enable;
  std::optional<std::vector<std::string>> events;  // oss
  std::optional<std::string> key_prefix;
  std::optional<std::string> key_suffix;
  std::optional<std::vector<EventFilter>> filters;  // cloudevents
  std::optional<std::int64_t> generations_max;      // oss (ours)
  std::optional<std::vector<std::string>> outputs;  // any (ours): "BUCKET/PREFIX"
  std::optional<bool> allow_loop;                   // any (ours)
};

struct TriggerFields {
  std::optional<std::string> description;
  std::optional<std::string> type;
  std::optional<std::string> qualifier;
  std::optional<std::string> source_arn;
  std::optional<std::string> invocation_role;
  std::optional<bool> paused;                 // oss (ours)
  std::optional<TriggerConfigFields> config;  // replaces the whole config
};

struct DomainFields {
  std::optional<std::string> protocol;             // HTTP alone is offered
  std::optional<std::vector<DomainRoute>> routes;  // replaces all
};

struct CreateService {
  std::string name;
  ServiceFields fields;
};
struct UpdateService {
  std::string name;
  ServiceFields fields;
  IfMatch if_match;
};
struct DeleteService {
  std::string name;
  IfMatch if_match;
};
struct CreateFunction {
  std::string service;
  std::string name;
  FunctionFields fields;
};
struct UpdateFunction {
  std::string service;
  std::string name;
  FunctionFields fields;
  IfMatch if_match;
};
struct DeleteFunction {
  std::string service;
  std::string name;
  IfMatch if_match;
};
struct PutLimit {
  std::string service;
  std::string qualifier;  // "": the function as a whole
  std::string function;
  std::int64_t maximum_instance_count = 0;
};
struct DeleteLimit {
  std::string service;
  std::string qualifier;
  std::string function;
};
struct PutAsyncConfig {  // new, or merged into the one that there is
  std::string service;
  std::string qualifier;  // "" is LATEST
  std::string function;
  AsyncConfigFields fields;
};
struct DeleteAsyncConfig {
  std::string service;
  std::string qualifier;
  std::string function;
};
struct DisableInvoke {  // in place of the switch that there is for this scope
  SwitchScope scope;
  bool aborts = false;
  bool refuses_async = false;
  std::string reason;
  std::string by;
  std::optional<std::int64_t> lasts_s;
};
struct EnableInvoke {  // as well where there is no switch for this scope
  SwitchScope scope;
  std::string by;
  std::optional<std::int64_t> ramp_s;  // let out gradually
};
struct EndSwitch {  // its time is over; of that version alone
  SwitchScope scope;
  std::uint64_t version = 0;
};

struct StopTree {
  CallId root;
  std::string reason;
  std::string by;
};

struct CreateTrigger {
  std::string service;
  std::string function;
  std::string name;
  TriggerFields fields;
};
struct UpdateTrigger {
  std::string service;
  std::string function;
  std::string name;
  TriggerFields fields;
  IfMatch if_match;
};
struct PauseTrigger {  // by the engine, which followed its events (core/api/generation_guard.h)
  std::string service;
  std::string function;
  std::string name;
  std::uint64_t id = 0;  // of that trigger alone, none of the same name
  std::string why;
};
struct DeleteTrigger {
  std::string service;
  std::string function;
  std::string name;
  IfMatch if_match;
};

struct CreateDomain {
  std::string name;
  DomainFields fields;
};
struct UpdateDomain {
  std::string name;
  DomainFields fields;
  IfMatch if_match;
};
struct DeleteDomain {
  std::string name;
  IfMatch if_match;
};

using Mutation =
    std::variant<CreateService, UpdateService, DeleteService, CreateFunction, UpdateFunction,
                 DeleteFunction, PutLimit, DeleteLimit, PutAsyncConfig, DeleteAsyncConfig,
                 CreateTrigger, UpdateTrigger, PauseTrigger, DeleteTrigger, DisableInvoke,
                 EnableInvoke, EndSwitch, StopTree, CreateDomain, UpdateDomain, DeleteDomain>;

}  // namespace convoke
