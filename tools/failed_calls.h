// What an engine keeps of calls that ended in failure: looked through, run again, purged.
//
// An engine runs or purges at most kFailedPageMax a request, the oldest first. More than that is
// done page by page here, and not faster than the user wants.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tools/api_client.h"
#include "tools/function_name.h"
#include "tools/json.h"
#include "tools/listing.h"
#include "tools/outcome.h"

namespace convoke::cli {

inline constexpr std::uint64_t kFailedPageMax = 100;

// So many in one request, and then so long a pause.
struct Pace {
  std::uint64_t page = kFailedPageMax;
  std::chrono::milliseconds pause{0};
};
// Pages small enough that a second's calls do not come all at once. nullopt: as fast as it goes.
[[nodiscard]] Pace pace_for(std::optional<std::uint64_t> calls_per_second);

// Which of them.
struct FailedChoice {
  std::optional<FunctionName> function;  // nullopt: of all functions
  std::uint64_t most = kAllOfThem;
};

enum class FailedOrder { kNewestFirst, kOldestFirst };
[[nodiscard]] Outcome<Listed> for_each_failed(
    ApiClient& api, const FailedChoice& choice, FailedOrder order,
    const std::function<void(simdjson::dom::element)>& each);

struct FailedWork {
  std::vector<std::string> done;     // their request ids
  std::vector<std::string> refused;  // "ID: why"; they stay in the list
  std::optional<Failure> ended_by;   // what kept it from going on; the rest was not touched
};

enum class FailedDeed { kRedrive, kPurge };

// Those of the choice that had failed when it began; what fails meanwhile is left alone. Goes on
// past refusals, and past calls that somebody else runs again at the same time.
[[nodiscard]] FailedWork work_through_failed(ApiClient& api, const FailedChoice& choice,
                                             FailedDeed deed, const Pace& pace);

}  // namespace convoke::cli
