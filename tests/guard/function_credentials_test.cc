#include "core/guard/function_credentials.h"

#include <gtest/gtest.h>

#include "core/model/function.h"

namespace convoke {
namespace {

struct SteppedClock final : Clock {
  [[nodiscard]] Instant now() const override { return Instant{passed}; }
  [[nodiscard]] WallTime wall() const override {
    return WallTime{Seconds{1'800'000'000} + std::chrono::duration_cast<Seconds>(passed)};
  }
  Duration passed{};
};

struct FunctionCredentialsTest : testing::Test {
  [[nodiscard]] WallTime expiry_of(const CredentialsPtr& of) const {
    return read_token("key", of->security_token)->expires;
  }
  SteppedClock clock;
  FunctionCredentials credentials{clock, "key", "1"};
};

TEST_F(FunctionCredentialsTest, AreMadeOnceInTenMinutesForEachFunction) {
  const CredentialsPtr first = credentials.of(FunctionId{1});
  EXPECT_NE(credentials.of(FunctionId{2})->id, first->id);
  clock.passed = FunctionCredentials::kKeptMax - Seconds{1};
  EXPECT_EQ(credentials.of(FunctionId{1}), first);
  clock.passed = FunctionCredentials::kKeptMax;
  const CredentialsPtr second = credentials.of(FunctionId{1});
  EXPECT_NE(second->security_token, first->security_token);
  EXPECT_EQ(expiry_of(second), clock.wall() + kCredentialsLast);
}

TEST_F(FunctionCredentialsTest, ACallThatBeginsWithTheOldestMayRunForADay) {
  const CredentialsPtr first = credentials.of(FunctionId{1});
  clock.passed = FunctionCredentials::kKeptMax;
  EXPECT_GT(expiry_of(first) - clock.wall(), kTimeoutMax);
}

TEST_F(FunctionCredentialsTest, ThoseOfAFunctionThatIsGoneAreNotKept) {
  const CredentialsPtr first = credentials.of(FunctionId{1});
  credentials.forget(FunctionId{1});
  EXPECT_NE(credentials.of(FunctionId{1}), first);
}

}  // namespace
}  // namespace convoke
