// What the end of a delivery says of the call whose outcome it carried.
#pragma once

#include <string>

#include "queue/queue.h"

namespace convoke::history {

// The report's words are the whole status, where there are any.
[[nodiscard]] inline std::string delivery_status(Settlement settlement,
                                                 const AttemptReport& report) {
  if (!report.message.empty()) return report.message;
  if (settlement == Settlement::kSucceeded) return "Succeeded";
  if (settlement == Settlement::kExpired) return "Expired";
  return "Failed";
}

}  // namespace convoke::history
