// The fixture of the suite that every history passes, wherever it lies.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/model/delivery_line.h"
#include "tests/queue/archive_side.h"

namespace convoke::fake {

inline constexpr FunctionId kF{1};
inline constexpr FunctionId kG{2};

struct ArchiveKind {
  std::string name;
  std::function<std::unique_ptr<ArchiveSide>()> make;
};

class ArchiveSuite : public ::testing::TestWithParam<ArchiveKind> {
 protected:
  using Payload = history::Payload;
  using Record = history::Record;
  using Page = history::Page;

  ArchiveSide& side() { return *side_; }
  StoreHarness& world() { return side_->world(); }
  history::Archive& archive() { return side_->archive(); }
  WallTime now() { return world().clock.wall(); }

  NewCall named(const std::string& name, FunctionId function = kF) {
    NewCall call = world().call(function, "event of " + name);
    call.name = name;
    call.qualifier = "LATEST";
    return call;
  }
  CallId accepted(const std::string& name, FunctionId function = kF) {
    const NewCall call = named(name, function);
    EXPECT_TRUE(side().accept(call).ok());
    return call.id;
  }
  Receipt claimed(FunctionId function = kF) { return world().claim(function).at(0).receipt; }
  void ended(Settlement how, FunctionId function = kF) {
    EXPECT_EQ(world().settled(claimed(function), how), SettleResult::kDone);
  }
  AttemptReport report(const std::string& error = "") {
    AttemptReport report;
    report.dequeued = now();
    report.started = now() + Millis{1};
    report.instance_id = "i-1";
    report.duration = Millis{7};
    report.error = error;
    if (!error.empty()) report.message = "in words";
    return report;
  }
  // A call without a name that failed.
  CallId failed(const std::string& event, FunctionId function = kF) {
    const NewCall call = world().call(function, event);
    EXPECT_TRUE(world().accept(call).ok());
    Ending ending = Settlement::kFailed;
    ending.report = report("UnhandledInvocationError");
    ending.qualifier = call.qualifier;
    ending.event = std::make_shared<const std::string>(event);
    EXPECT_EQ(world().settled(claimed(function), ending), SettleResult::kDone);
    return call.id;
  }

  std::optional<Record> find(const std::string& name, Payload payload = Payload::kWithout,
                             FunctionId function = kF) {
    return *side().answered<std::optional<Record>>(
        [&](auto answer) { archive().get(function, name, payload, std::move(answer)); });
  }
  std::optional<Record> find(const CallId& id, Payload payload = Payload::kWithout) {
    return *side().answered<std::optional<Record>>(
        [&](auto answer) { archive().get(id, payload, std::move(answer)); });
  }
  Result<Page> list(const history::ListQuery& query) {
    return side().answered<Page>([&](auto answer) { archive().list(query, std::move(answer)); });
  }
  Result<Page> list(const history::FailedQuery& query) {
    return side().answered<Page>(
        [&](auto answer) { archive().list_failed(query, std::move(answer)); });
  }
  Page take(const history::FailedQuery& query) {
    return *side().answered<Page>(
        [&](auto answer) { archive().take_failed(query, std::move(answer)); });
  }
  std::uint64_t purge(const std::vector<history::CallRef>& calls) {
    return *side().answered<std::uint64_t>(
        [&](auto answer) { archive().purge(calls, std::move(answer)); });
  }
  std::vector<FunctionId> functions(FunctionId after, std::uint32_t limit) {
    return *side().answered<std::vector<FunctionId>>(
        [&](auto answer) { archive().functions_with_history(after, limit, std::move(answer)); });
  }

  // "1 Enqueued, 2 Dequeued, ..."
  static std::string events(const Record& record) {
    std::string all;
    for (const history::Event& event : record.events) {
      all += (all.empty() ? "" : ", ") + std::to_string(event.id) + " " +
             std::string(name_of(event.state));
    }
    return all;
  }
  static std::vector<std::string> names(const Page& page) {
    std::vector<std::string> all;
    for (const Record& record : page.records) all.push_back(record.name);
    return all;
  }
  using Names = std::vector<std::string>;

 private:
  std::unique_ptr<ArchiveSide> side_ = GetParam().make();
};

inline auto archive_kinds() {
  return ::testing::Values(ArchiveKind{"Sqlite", [] { return std::make_unique<SqliteSide>(); }},
                           ArchiveKind{"Redis", [] { return std::make_unique<RedisSide>(); }});
}
inline std::string archive_kind_name(const ::testing::TestParamInfo<ArchiveKind>& kind) {
  return kind.param.name;
}

}  // namespace convoke::fake
