// What the registry holds besides functions (core/model/function.h): services, limits, and how
// asynchronous calls are treated.
//
// Values, immutable once they are in a Change: shared by all shards.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/model/function.h"
#include "core/model/instant.h"
#include "core/registry/destination.h"

namespace convoke {

// How much there may be (ours): the registry is held in memory by every shard.
inline constexpr std::size_t kServicesMax = 10'000;
inline constexpr std::size_t kFunctionsMax = 100'000;
inline constexpr std::size_t kLimitsPerFunctionMax = 100;  // one per qualifier that is limited
inline constexpr std::size_t kAsyncConfigsPerFunctionMax = 100;  // one per qualifier

// Names: `[A-Za-z_][A-Za-z0-9_-]*`, of at most so many characters.
inline constexpr std::size_t kServiceNameMax = 128;
inline constexpr std::size_t kFunctionNameMax = 64;
inline constexpr std::size_t kQualifierMax = 128;

struct Service {
  std::uint64_t id = 0;  // never reused, as a FunctionId
  std::string name;
  std::string description;
  std::string role;
  bool internet_access = true;
  JsonMembers extra;  // logConfig, vpcConfig, ...: kept for the client, not used by the engine
  WallTime created{};
  WallTime modified{};
  std::string etag;
};
using ServicePtr = std::shared_ptr<const Service>;

// "services/S[.Q]/functions/F".
[[nodiscard]] inline std::string limit_resource(std::string_view service,
                                                std::string_view qualifier,
                                                std::string_view function) {
  std::string resource("services/");
  resource += service;
  if (!qualifier.empty()) (resource += '.') += qualifier;
  (resource += "/functions/") += function;
  return resource;
}

// An on-demand config: how many instances may run at once. Without a qualifier it holds for the
// function as a whole; with one, for calls through exactly that text. 0 stops the function.
struct OnDemandLimit {
  std::string resource;  // limit_resource() of the three below
  std::string service;
  std::string qualifier;  // "": the function as a whole; "LATEST" is a text like any other
  std::string function;
  FunctionId function_id;  // it ends with that function
  std::uint32_t maximum_instance_count = 0;
};
using LimitPtr = std::shared_ptr<const OnDemandLimit>;
inline constexpr std::uint32_t kMaximumInstanceCountMax = 1'000'000;  // ours: a typing error, above

inline constexpr std::string_view kLatest = "LATEST";

// A call without a qualifier and one with LATEST are the same call.
[[nodiscard]] inline bool means_latest(std::string_view qualifier) {
  return qualifier.empty() || qualifier == kLatest;
}

[[nodiscard]] inline bool same_qualifier(std::string_view a, std::string_view b) {
  return a == b || (means_latest(a) && means_latest(b));
}

// How the asynchronous calls of one function through one qualifier are treated. It holds for
// exactly that qualifier: calls through another one, or through none, have their own or the
// defaults. What is not set takes its default, and clients are shown null.
struct AsyncConfig {
  std::string service;
  std::string qualifier;  // LATEST for calls without one; it need not exist yet
  std::string function;
  FunctionId function_id;  // it ends with that function
  std::optional<Destination> on_success;
  std::optional<Destination> on_failure;
  std::optional<Seconds> age_max;            // default kAsyncAgeMaxDefault
  std::optional<std::uint32_t> retries_max;  // default kAsyncRetriesDefault
  std::optional<bool> stateful;              // default false: a call without a name has none
  bool allow_loop = false;  // ours: a loop of calls through its destinations is meant
  WallTime created{};
  WallTime modified{};
};
using AsyncConfigPtr = std::shared_ptr<const AsyncConfig>;

}  // namespace convoke
