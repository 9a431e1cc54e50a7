// What lies on the shared server, and what is done to it: told as it happens, for oracles, who may
// look there too. Holds the bugs that are planted in the server.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "queue/redis/keys.h"
#include "tests/redis_stand_in/server.h"
#include "tests/sim/stage.h"

namespace convoke::sim::shared {

// The counts of one line, and what they should be (SCHEMA.md, R1 and R2).
struct LineCounts {
  std::int64_t accepted = 0;
  std::int64_t claimed = 0;
  std::int64_t settled = 0;
  std::int64_t waiting = 0;  // in the stream, and delayed
  std::int64_t held = 0;     // pending at those who have a lease
};

class Books final : public stand_in::Watcher {
 public:
  // Both outlive it.
  Books(Stage& stage, stand_in::Server& server);

  // Every line that has ever had a call: of functions, and of their deliveries.
  [[nodiscard]] std::vector<FunctionId> lines() const;
  [[nodiscard]] LineCounts counts(FunctionId line) const;
  [[nodiscard]] std::set<CallId> calls() const;  // that lie there
  // Which incarnation holds the call, with its lease; "": none.
  [[nodiscard]] std::string holder(FunctionId line, const CallId& id) const;
  [[nodiscard]] bool has_lease(FunctionId line, const std::string& incarnation) const;
  [[nodiscard]] std::uint64_t retired() const { return retired_; }  // leases with calls, so far

 private:
  struct Asking {  // one end, of those that a command brings
    CallId id;
    Asked what;
    std::string holder;
  };
  void before(stand_in::Data& data, const stand_in::Words& words) override;
  void after(stand_in::Data& data, const stand_in::Words& words, stand_in::Value& answer) override;

  void read_ends(const stand_in::Words& words, std::size_t step);
  void tell_ends(const stand_in::Words& words, const stand_in::Value& answer);
  void tell_taken(const stand_in::Words& words, const stand_in::Value& answer);
  void count_retired(const stand_in::Words& words);
  void tamper_before(const stand_in::Words& words);
  void tamper_after(const stand_in::Words& words);
  [[nodiscard]] std::string holder_of(const std::string& stream, const std::string& leases,
                                      const redis::StreamId& place) const;
  [[nodiscard]] stand_in::Hash hash(const std::string& key) const;
  [[nodiscard]] stand_in::Data& data() const { return server_.commands().data(); }

  Stage& stage_;
  stand_in::Server& server_;
  const redis::SharedKeys keys_{redis::kPrefixDefault};
  std::vector<Asking> asking_;
  stand_in::Hash leases_before_;
  std::uint64_t retired_ = 0;
};

}  // namespace convoke::sim::shared
