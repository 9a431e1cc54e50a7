// Every operation of the engine's HTTP interface, in one table.
//
// The router, the tests and the documents read it; a path that is not in it does not exist.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/model/function.h"

namespace convoke {

enum class Operation : std::uint8_t {
  kInvokeFunction,
  kCreateService,
  kListServices,
  kGetService,
  kUpdateService,
  kDeleteService,
  kCreateFunction,
  kListFunctions,
  kGetFunction,
  kUpdateFunction,
  kDeleteFunction,
  kGetFunctionCode,
  kPutOnDemandConfig,
  kGetOnDemandConfig,
  kDeleteOnDemandConfig,
  kListOnDemandConfigs,
  kPutAsyncConfig,
  kGetAsyncConfig,
  kDeleteAsyncConfig,
  kListAsyncConfigs,
  kCreateTrigger,
  kListTriggers,
  kGetTrigger,
  kUpdateTrigger,
  kDeleteTrigger,
  kHttpTrigger,
  kObjectEvents,
  kCloudEvents,
  kCloudEventsHandshake,
  kGetStatefulInvocation,
  kStopStatefulInvocation,
  kDeleteStatefulInvocation,
  kListStatefulInvocations,
  kListStatefulFunctions,
  kListFailed,
  kGetCall,
  kRedriveFailed,
  kPurgeFailed,
  kDownloadCode,
  kReadLogs,
  kHealth,
  kGetClock,
  kAdvanceClock,
  kGetMetrics,
  kDisableFunction,
  kEnableFunction,
  kDisableService,
  kEnableService,
  kDisableEverything,
  kEnableEverything,
  kListSwitches,
  kDisableFunction2023,
  kEnableFunction2023,
  kGetFunction2023,
  kPutConcurrency2023,
  kGetConcurrency2023,
  kDeleteConcurrency2023,
  kStopTree,
  kListStoppedTrees,
  kCreateDomain,
  kListDomains,
  kGetDomain,
  kUpdateDomain,
  kDeleteDomain,
  kCreateDomain2023,
  kListDomains2023,
  kGetDomain2023,
  kUpdateDomain2023,
  kDeleteDomain2023,
  kGetTree,
};

// Who answers.
enum class AnsweredBy : std::uint8_t {
  kInvoker,       // core/api/invoke.h
  kControlPlane,  // core/api/control_plane.h
  kTasks,         // core/api/tasks.h
  kEngine,        // its own state and files
};

// Bodies, in bytes. An operation that takes none tolerates a small one, as clients send `{}` or
// `null` by habit.
inline constexpr std::size_t kNoBodyMax = 4UL << 10;
inline constexpr std::size_t kDefinitionBodyMax = 64UL << 10;             // ours
inline constexpr std::size_t kCodeBodyMax = (100UL << 20) + (1UL << 20);  // FC: 100 MB of base64

inline constexpr std::size_t kObjectEventsBodyMax = 256UL << 10;  // a notification; ours
inline constexpr std::size_t kCloudEventsBodyMax = 1UL << 20;     // an event, or a batch; ours

struct OperationRow {
  Operation operation;
  std::string_view name;
  std::string_view method;   // "*": any
  std::string_view pattern;  // "{service}" stands for SERVICE[.QUALIFIER], the others for names;
                             // "{path}" at the end for all that follows, perhaps nothing
  std::size_t body_bytes_max;
  AnsweredBy answered_by;
};

// In the order of the enum, which tests hold it to.
inline constexpr std::array kOperations = {
    OperationRow{Operation::kInvokeFunction, "InvokeFunction", "POST",
                 "/2016-08-15/services/{service}/functions/{function}/invocations",
                 kSyncEventBytesMax, AnsweredBy::kInvoker},
    OperationRow{Operation::kCreateService, "CreateService", "POST", "/2016-08-15/services",
                 kDefinitionBodyMax, AnsweredBy::kControlPlane},
    OperationRow{Operation::kListServices, "ListServices", "GET", "/2016-08-15/services",
                 kNoBodyMax, AnsweredBy::kControlPlane},
    OperationRow{Operation::kGetService, "GetService", "GET", "/2016-08-15/services/{service}",
                 kNoBodyMax, AnsweredBy::kControlPlane},
    OperationRow{Operation::kUpdateService, "UpdateService", "PUT",
                 "/2016-08-15/services/{service}", kDefinitionBodyMax, AnsweredBy::kControlPlane},
    OperationRow{Operation::kDeleteService, "DeleteService", "DELETE",
                 "/2016-08-15/services/{service}", kNoBodyMax, AnsweredBy::kControlPlane},
    OperationRow{Operation::kCreateFunction, "CreateFunction", "POST",
                 "/2016-08-15/services/{service}/functions", kCodeBodyMax,
                 AnsweredBy::kControlPlane},
    OperationRow{Operation::kListFunctions, "ListFunctions", "GET",
                 "/2016-08-15/services/{service}/functions", kNoBodyMax, AnsweredBy::kControlPlane},
    OperationRow{Operation::kGetFunction, "GetFunction", "GET",
                 "/2016-08-15/services/{service}/functions/{function}", kNoBodyMax,
                 AnsweredBy::kControlPlane},
    OperationRow{Operation::kUpdateFunction, "UpdateFunction", "PUT",
                 "/2016-08-15/services/{service}/functions/{function}", kCodeBodyMax,
                 AnsweredBy::kControlPlane},
    OperationRow{Operation::kDeleteFunction, "DeleteFunction", "DELETE",
                 "/2016-08-15/services/{service}/functions/{function}", kNoBodyMax,
                 AnsweredBy::kControlPlane},
    OperationRow{Operation::kGetFunctionCode, "GetFunctionCode", "GET",
                 "/2016-08-15/services/{service}/functions/{function}/code", kNoBodyMax,
                 AnsweredBy::kControlPlane},
    OperationRow{Operation::kPutOnDemandConfig, "PutFunctionOnDemandConfig", "PUT",
                 "/2016-08-15/services/{service}/functions/{function}/on-demand-config",
                 kDefinitionBodyMax, AnsweredBy::kControlPlane},
    OperationRow{Operation::kGetOnDemandConfig, "GetFunctionOnDemandConfig", "GET",
                 "/2016-08-15/services/{service}/functions/{function}/on-demand-config", kNoBodyMax,
                 AnsweredBy::kControlPlane},
    OperationRow{Operation::kDeleteOnDemandConfig, "DeleteFunctionOnDemandConfig", "DELETE",
                 "/2016-08-15/services/{service}/functions/{function}/on-demand-config", kNoBodyMax,
                 AnsweredBy::kControlPlane},
    OperationRow{Operation::kListOnDemandConfigs, "ListOnDemandConfigs", "GET",
                 "/2016-08-15/on-demand-configs", kNoBodyMax, AnsweredBy::kControlPlane},
    OperationRow{Operation::kPutAsyncConfig, "PutFunctionAsyncInvokeConfig", "PUT",
                 "/2016-08-15/services/{service}/functions/{function}/async-invoke-config",
                 kDefinitionBodyMax, AnsweredBy::kControlPlane},
    OperationRow{Operation::kGetAsyncConfig, "GetFunctionAsyncInvokeConfig", "GET",
                 "/2016-08-15/services/{service}/functions/{function}/async-invoke-config",
                 kNoBodyMax, AnsweredBy::kControlPlane},
    OperationRow{Operation::kDeleteAsyncConfig, "DeleteFunctionAsyncInvokeConfig", "DELETE",
                 "/2016-08-15/services/{service}/functions/{function}/async-invoke-config",
                 kNoBodyMax, AnsweredBy::kControlPlane},
    OperationRow{Operation::kListAsyncConfigs, "ListFunctionAsyncInvokeConfigs", "GET",
                 "/2016-08-15/services/{service}/functions/{function}/async-invoke-configs",
                 kNoBodyMax, AnsweredBy::kControlPlane},
    OperationRow{Operation::kCreateTrigger, "CreateTrigger", "POST",
                 "/2016-08-15/services/{service}/functions/{function}/triggers", kDefinitionBodyMax,
                 AnsweredBy::kControlPlane},
    OperationRow{Operation::kListTriggers, "ListTriggers", "GET",
                 "/2016-08-15/services/{service}/functions/{function}/triggers", kNoBodyMax,
                 AnsweredBy::kControlPlane},
    OperationRow{Operation::kGetTrigger, "GetTrigger", "GET",
                 "/2016-08-15/services/{service}/functions/{function}/triggers/{trigger}",
                 kNoBodyMax, AnsweredBy::kControlPlane},
    OperationRow{Operation::kUpdateTrigger, "UpdateTrigger", "PUT",
                 "/2016-08-15/services/{service}/functions/{function}/triggers/{trigger}",
                 kDefinitionBodyMax, AnsweredBy::kControlPlane},
    OperationRow{Operation::kDeleteTrigger, "DeleteTrigger", "DELETE",
                 "/2016-08-15/services/{service}/functions/{function}/triggers/{trigger}",
                 kNoBodyMax, AnsweredBy::kControlPlane},
    OperationRow{Operation::kHttpTrigger, "HttpTrigger", "*",
                 "/2016-08-15/proxy/{service}/{function}/{path}", kSyncEventBytesMax,
                 AnsweredBy::kInvoker},
    OperationRow{Operation::kObjectEvents, "ObjectEvents", "POST", "/convoke/events/objects",
                 kObjectEventsBodyMax, AnsweredBy::kInvoker},
    OperationRow{Operation::kCloudEvents, "CloudEvents", "POST", "/convoke/events/cloudevents",
                 kCloudEventsBodyMax, AnsweredBy::kInvoker},
    OperationRow{Operation::kCloudEventsHandshake, "CloudEventsHandshake", "OPTIONS",
                 "/convoke/events/cloudevents", kNoBodyMax, AnsweredBy::kEngine},
    OperationRow{Operation::kGetStatefulInvocation, "GetStatefulAsyncInvocation", "GET",
                 "/2016-08-15/services/{service}/functions/{function}/stateful-async-invocations/"
                 "{invocation}",
                 kNoBodyMax, AnsweredBy::kTasks},
    OperationRow{Operation::kStopStatefulInvocation, "StopStatefulAsyncInvocation", "PUT",
                 "/2016-08-15/services/{service}/functions/{function}/stateful-async-invocations/"
                 "{invocation}",
                 kNoBodyMax, AnsweredBy::kTasks},
    OperationRow{Operation::kDeleteStatefulInvocation, "DeleteStatefulAsyncInvocation", "DELETE",
                 "/2016-08-15/services/{service}/functions/{function}/stateful-async-invocations/"
                 "{invocation}",
                 kNoBodyMax, AnsweredBy::kTasks},
    OperationRow{Operation::kListStatefulInvocations, "ListStatefulAsyncInvocations", "GET",
                 "/2016-08-15/services/{service}/functions/{function}/stateful-async-invocations",
                 kNoBodyMax, AnsweredBy::kTasks},
    OperationRow{Operation::kListStatefulFunctions, "ListStatefulAsyncInvocationFunctions", "GET",
                 "/2016-08-15/stateful-async-invocation-functions", kNoBodyMax, AnsweredBy::kTasks},
    OperationRow{Operation::kListFailed, "ListFailedCalls", "GET", "/convoke/failed", kNoBodyMax,
                 AnsweredBy::kTasks},
    OperationRow{Operation::kGetCall, "GetCall", "GET", "/convoke/calls/{invocation}", kNoBodyMax,
                 AnsweredBy::kTasks},
    OperationRow{Operation::kRedriveFailed, "RedriveFailedCalls", "POST", "/convoke/failed/redrive",
                 kDefinitionBodyMax, AnsweredBy::kTasks},
    OperationRow{Operation::kPurgeFailed, "PurgeFailedCalls", "POST", "/convoke/failed/purge",
                 kDefinitionBodyMax, AnsweredBy::kTasks},
    OperationRow{Operation::kDownloadCode, "DownloadCode", "GET",
                 "/convoke/code/{service}/{function}", kNoBodyMax, AnsweredBy::kControlPlane},
    OperationRow{Operation::kReadLogs, "ReadLogs", "GET", "/convoke/logs/{service}/{function}",
                 kNoBodyMax, AnsweredBy::kEngine},
    OperationRow{Operation::kHealth, "Health", "GET", "/healthz", kNoBodyMax, AnsweredBy::kEngine},
    OperationRow{Operation::kGetClock, "GetClock", "GET", "/convoke/clock", kNoBodyMax,
                 AnsweredBy::kEngine},
    OperationRow{Operation::kAdvanceClock, "AdvanceClock", "POST", "/convoke/clock/advance",
                 kNoBodyMax, AnsweredBy::kEngine},
    OperationRow{Operation::kGetMetrics, "GetMetrics", "GET", "/metrics", kNoBodyMax,
                 AnsweredBy::kEngine},
    // Kill switches (ours, but for the last six; see without_services.h for those).
    OperationRow{Operation::kDisableFunction, "DisableFunction", "POST",
                 "/2016-08-15/services/{service}/functions/{function}/invoke/disable",
                 kDefinitionBodyMax, AnsweredBy::kControlPlane},
    OperationRow{Operation::kEnableFunction, "EnableFunction", "POST",
                 "/2016-08-15/services/{service}/functions/{function}/invoke/enable",
                 kDefinitionBodyMax, AnsweredBy::kControlPlane},
    OperationRow{Operation::kDisableService, "DisableService", "POST",
                 "/2016-08-15/services/{service}/invoke/disable", kDefinitionBodyMax,
                 AnsweredBy::kControlPlane},
    OperationRow{Operation::kEnableService, "EnableService", "POST",
                 "/2016-08-15/services/{service}/invoke/enable", kDefinitionBodyMax,
                 AnsweredBy::kControlPlane},
    OperationRow{Operation::kDisableEverything, "DisableEverything", "POST",
                 "/2016-08-15/invoke/disable", kDefinitionBodyMax, AnsweredBy::kControlPlane},
    OperationRow{Operation::kEnableEverything, "EnableEverything", "POST",
                 "/2016-08-15/invoke/enable", kDefinitionBodyMax, AnsweredBy::kControlPlane},
    OperationRow{Operation::kListSwitches, "ListSwitches", "GET", "/convoke/switches", kNoBodyMax,
                 AnsweredBy::kControlPlane},
    OperationRow{Operation::kDisableFunction2023, "DisableFunctionInvocation", "POST",
                 "/2023-03-30/functions/{function}/invoke/disable", kDefinitionBodyMax,
                 AnsweredBy::kControlPlane},
    OperationRow{Operation::kEnableFunction2023, "EnableFunctionInvocation", "POST",
                 "/2023-03-30/functions/{function}/invoke/enable", kDefinitionBodyMax,
                 AnsweredBy::kControlPlane},
    OperationRow{Operation::kGetFunction2023, "GetFunction20230330", "GET",
                 "/2023-03-30/functions/{function}", kNoBodyMax, AnsweredBy::kControlPlane},
    OperationRow{Operation::kPutConcurrency2023, "PutConcurrencyConfig", "PUT",
                 "/2023-03-30/functions/{function}/concurrency", kDefinitionBodyMax,
                 AnsweredBy::kControlPlane},
    OperationRow{Operation::kGetConcurrency2023, "GetConcurrencyConfig", "GET",
                 "/2023-03-30/functions/{function}/concurrency", kNoBodyMax,
                 AnsweredBy::kControlPlane},
    OperationRow{Operation::kDeleteConcurrency2023, "DeleteConcurrencyConfig", "DELETE",
                 "/2023-03-30/functions/{function}/concurrency", kNoBodyMax,
                 AnsweredBy::kControlPlane},
    // Ours.
    OperationRow{Operation::kStopTree, "StopTree", "POST", "/convoke/trees/{invocation}/stop",
                 kDefinitionBodyMax, AnsweredBy::kControlPlane},
    OperationRow{Operation::kListStoppedTrees, "ListStoppedTrees", "GET", "/convoke/trees/stopped",
                 kNoBodyMax, AnsweredBy::kControlPlane},
    OperationRow{Operation::kCreateDomain, "CreateCustomDomain", "POST",
                 "/2016-08-15/custom-domains", kDefinitionBodyMax, AnsweredBy::kControlPlane},
    OperationRow{Operation::kListDomains, "ListCustomDomains", "GET", "/2016-08-15/custom-domains",
                 kNoBodyMax, AnsweredBy::kControlPlane},
    OperationRow{Operation::kGetDomain, "GetCustomDomain", "GET",
                 "/2016-08-15/custom-domains/{domain}", kNoBodyMax, AnsweredBy::kControlPlane},
    OperationRow{Operation::kUpdateDomain, "UpdateCustomDomain", "PUT",
                 "/2016-08-15/custom-domains/{domain}", kDefinitionBodyMax,
                 AnsweredBy::kControlPlane},
    OperationRow{Operation::kDeleteDomain, "DeleteCustomDomain", "DELETE",
                 "/2016-08-15/custom-domains/{domain}", kNoBodyMax, AnsweredBy::kControlPlane},
    OperationRow{Operation::kCreateDomain2023, "CreateCustomDomain20230330", "POST",
                 "/2023-03-30/custom-domains", kDefinitionBodyMax, AnsweredBy::kControlPlane},
    OperationRow{Operation::kListDomains2023, "ListCustomDomains20230330", "GET",
                 "/2023-03-30/custom-domains", kNoBodyMax, AnsweredBy::kControlPlane},
    OperationRow{Operation::kGetDomain2023, "GetCustomDomain20230330", "GET",
                 "/2023-03-30/custom-domains/{domain}", kNoBodyMax, AnsweredBy::kControlPlane},
    OperationRow{Operation::kUpdateDomain2023, "UpdateCustomDomain20230330", "PUT",
                 "/2023-03-30/custom-domains/{domain}", kDefinitionBodyMax,
                 AnsweredBy::kControlPlane},
    OperationRow{Operation::kDeleteDomain2023, "DeleteCustomDomain20230330", "DELETE",
                 "/2023-03-30/custom-domains/{domain}", kNoBodyMax, AnsweredBy::kControlPlane},
    OperationRow{Operation::kGetTree, "GetTree", "GET", "/convoke/trees/{invocation}", kNoBodyMax,
                 AnsweredBy::kEngine},
};

// Of the API that has no services (without_services.h).
[[nodiscard]] constexpr bool is_without_services(const OperationRow& row) {
  return row.pattern.starts_with("/2023-03-30/");
}

[[nodiscard]] constexpr const OperationRow& row_of(Operation operation) {
  return kOperations[static_cast<std::size_t>(operation)];
}

}  // namespace convoke
