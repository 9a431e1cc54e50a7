// A committed change of the registry, as a value: what the registry's thread tells every shard.
//
// Changes are applied in the order of their versions. A shard that has applied all up to one
// version sees what was committed then, no less and no more.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "core/model/function.h"
#include "core/registry/custom_domain.h"
#include "core/registry/definitions.h"
#include "core/registry/kill_switch.h"
#include "core/registry/stopped_tree.h"
#include "core/registry/trigger.h"

namespace convoke {

struct ServicePut {
  ServicePtr service;  // new, or in place of the one with this name
};
struct ServiceGone {
  std::string name;  // had no functions left
};
struct FunctionPut {
  FunctionPtr function;  // new, or in place of the one with this id
};
struct FunctionGone {
  FunctionId id;  // its limits and async configs go with it; it had no triggers left
  std::string service;
  std::string name;
};
struct LimitPut {
  LimitPtr limit;  // new, or in place of the one for this resource
};
struct LimitGone {
  std::string resource;
  FunctionId function_id;
};
struct AsyncConfigPut {
  AsyncConfigPtr config;  // new, or in place of the one for this function and qualifier
};
struct AsyncConfigGone {
  FunctionId function_id;
  std::string qualifier;
};
struct TriggerPut {
  TriggerPtr trigger;  // new, or in place of the one of this name of this function
};
struct TriggerGone {
  FunctionId function_id;
  std::string name;
};
struct SwitchPut {
  SwitchPtr kill_switch;  // new, or in place of the one for this scope
};
struct SwitchGone {
  SwitchScope scope;
  FunctionId function_id;  // of the function that it was for, if it was for one
};

struct TreeStopped {
  // New, or in place of the one with this root. Those whose time was over when it was stopped are
  // forgotten with it.
  StoppedTreePtr tree;
};
struct TreeForgotten {
  CallId root;
};

struct DomainPut {
  DomainPtr domain;  // new, or in place of the one of this name
};
struct DomainGone {
  std::string name;
};

struct Change {
  std::uint64_t version = 0;  // grows with every commit, across restarts too; 0: nothing yet
  std::variant<ServicePut, ServiceGone, FunctionPut, FunctionGone, LimitPut, LimitGone,
               AsyncConfigPut, AsyncConfigGone, TriggerPut, TriggerGone, SwitchPut, SwitchGone,
               TreeStopped, TreeForgotten, DomainPut, DomainGone>
      what;
  // Calls that were ended by it on the engine that was asked for it. Not stored.
  std::uint32_t calls_ended = 0;
};

}  // namespace convoke
