// The events of a function that lie apart on a stand-in, each by its apart_id().
#pragma once

#include <set>
#include <string>

#include "queue/redis/apart.h"
#include "queue/redis/bytes.h"
#include "queue/redis/keys.h"
#include "tests/redis_stand_in/data.h"

namespace convoke::fake {

// Those that do not go by themselves.
inline std::set<std::string> events_that_stay(stand_in::Data& data,
                                              const redis::FunctionKeys& keys) {
  const std::string prefix = keys.event("");
  std::set<std::string> all;
  for (const auto& [key, value] : data.keys()) {
    const bool stays = data.ends().count(key) == 0;
    if (stays && key.rfind(prefix, 0) == 0) all.insert(key.substr(prefix.size()));
  }
  return all;
}

// Those that records refer to.
inline std::set<std::string> events_of_records(stand_in::Data& data,
                                               const redis::FunctionKeys& keys) {
  std::set<std::string> all;
  const auto* const events =
      data.find<stand_in::Hash>(keys.history()[redis::FunctionKeys::kEvents]);
  if (events == nullptr) return all;
  for (const auto& [id, event] : *events) {
    if (id.size() > 16) all.insert(redis::apart_id(redis::get_call_id(id)));
  }
  return all;
}

}  // namespace convoke::fake
