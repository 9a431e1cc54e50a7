// Engines on one loop that share a registry on a real server.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "core/registry/shared/row_json.h"
#include "tests/registry/shared/fake_engine.h"

namespace convoke::shared_registry {

inline constexpr Duration kShortLease = Millis{900};

class SharedRegistry : public testing::Test {
 protected:
  void turn_until(const std::function<bool()>& condition) { convoke::turn_until(loop_, condition); }
  // Where nothing is to happen: turns for so long.
  void turn_for(Duration time) {
    const Instant end = loop_.now() + time;
    Timer wake(nullptr, [](void*) {});
    loop_.timers().schedule(wake, end);
    while (loop_.now() < end) loop_.run_one_turn();
  }
  void start(FakeEngine& engine) { ASSERT_NO_FATAL_FAILURE(engine.start()); }
  // What another engine has committed, without a word to anybody.
  void commit_silently(std::uint64_t version, const std::string& name) {
    const Service service = service_of(version, name);
    const std::string row = row_of(service);
    server_.ask({"HSET", keys_.services, name, row});
    server_.ask({"XADD", keys_.changes, std::to_string(version) + "-0", "by", "somebody", "kind",
                 "service", "row", row});
    server_.ask({"SET", keys_.version, std::to_string(version)});
  }
  static Service service_of(std::uint64_t version, const std::string& name) {
    Service service;
    service.id = version;
    service.name = name;
    service.etag = std::to_string(version);
    return service;
  }

  redis::RedisServer server_;
  Keys keys_{"convoke"};
  Loop loop_;
};

}  // namespace convoke::shared_registry
