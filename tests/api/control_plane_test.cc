#include "core/api/control_plane.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>

#include "core/api/answers.h"

namespace convoke {
namespace {

// Answers when it is told to, as an engine would: in a later turn.
class LaterHost final : public ControlHost {
 public:
  void mutate(Mutation, std::function<void(Result<Change>)> done) override {
    pending = std::move(done);
  }
  [[nodiscard]] const Directory& directory() const override { return directory_; }
  [[nodiscard]] std::uint16_t port() const override { return 7070; }
  void read_code(FunctionPtr, std::function<void(Result<std::string>)>) override {}

  std::function<void(Result<Change>)> pending;

  void count_waiting(const SwitchScope&, std::function<void(std::uint64_t)> counted) override {
    counted(0);
  }
  void who_has_what(RegistrySource::Asked asked) override { asked(std::nullopt); }

 private:
  Directory directory_;
};

class ControlPlaneTurns : public ::testing::Test {
 protected:
  void create_service() {
    http::Request request;
    request.body = R"({"serviceName":"s"})";
    const Result<Route> found = route("POST", "/2016-08-15/services");
    control->handle(*found, std::move(request), "id-1",
                    [this](http::Response response) { answer = std::move(response); });
  }

  LaterHost host;
  std::unique_ptr<ControlPlane> control = std::make_unique<ControlPlane>(host);
  std::optional<http::Response> answer;
};

TEST_F(ControlPlaneTurns, AnAnswerWaitsForTheChange) {
  create_service();
  ASSERT_TRUE(host.pending);
  EXPECT_FALSE(answer);
  Service service;
  service.name = "s";
  host.pending(Change{1, ServicePut{std::make_shared<const Service>(service)}});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->headers.get("X-Fc-Request-Id"), "id-1");
}

TEST_F(ControlPlaneTurns, AChangeThatWasRefusedIsAnsweredWithItsError) {
  create_service();
  host.pending(Error{ErrorCode::kServiceUnavailable, "the disk is full"});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 503);
  EXPECT_EQ(answer->headers.get("X-Fc-Request-Id"), "id-1");
  EXPECT_NE(answer->body.find("the disk is full"), std::string::npos);
}

TEST_F(ControlPlaneTurns, AnAnswerMayComeAfterTheControlPlaneIsGone) {
  create_service();
  control.reset();
  host.pending(Error{ErrorCode::kServiceUnavailable, "stopping"});
  EXPECT_TRUE(answer);
}

TEST_F(ControlPlaneTurns, WhatIsRefusedAtOnceNeverReachesTheRegistry) {
  http::Request request;
  request.body = "no json";
  control->handle(*route("POST", "/2016-08-15/services"), std::move(request), "id-2",
                  [this](http::Response response) { answer = std::move(response); });
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 400);
  EXPECT_FALSE(host.pending);
}

TEST(Answers, TimesAreRfc3339InUtc) {
  EXPECT_EQ(rfc3339(wall_from_ms(0)), "1970-01-01T00:00:00Z");
  EXPECT_EQ(rfc3339(wall_from_ms(1'597'890'501'999)), "2020-08-20T02:28:21Z");
  EXPECT_EQ(rfc3339(wall_from_ms(951'782'400'000)), "2000-02-29T00:00:00Z");
  EXPECT_EQ(rfc3339(wall_from_ms(4'102'444'799'000)), "2099-12-31T23:59:59Z");
}

}  // namespace
}  // namespace convoke
