#include "core/guard/limit_now.h"

#include <gtest/gtest.h>

#include <memory>

#include "core/guard/gate.h"

namespace convoke {
namespace {

constexpr std::uint32_t kAccountMax = 100;
const WallTime kNow = wall_from_ms(1'700'000'000'000);

class LimitNow : public ::testing::Test {
 protected:
  LimitNow() {
    auto service = std::make_shared<Service>();
    service->name = "s";
    apply(ServicePut{service});
    auto made = std::make_shared<Function>();
    made->id = FunctionId{1};
    made->spec.service = "s";
    made->spec.name = "f";
    function_ = made;
    apply(FunctionPut{function_});
  }
  template <class What>
  void apply(What what) {
    directory_.apply(Change{directory_.version() + 1, std::move(what)});
  }
  void limit(std::uint32_t count) {
    apply(LimitPut{std::make_shared<const OnDemandLimit>(
        OnDemandLimit{"services/s/functions/f", "s", "", "f", FunctionId{1}, count})});
  }
  void flip(const SwitchScope& scope, bool disabled) {
    auto one = std::make_shared<KillSwitch>();
    one->scope = scope;
    one->disabled = disabled;
    one->since = kNow;
    if (!disabled) one->until = kNow + Seconds{100};
    apply(SwitchPut{one});
  }
  [[nodiscard]] std::uint32_t at(WallTime now = kNow) const {
    return limit_now(directory_, *function_, kAccountMax, now);
  }

  Directory directory_;
  FunctionPtr function_;
};

TEST_F(LimitNow, IsItsLimitOrNone) {
  EXPECT_EQ(at(), kUnlimited);
  limit(8);
  EXPECT_EQ(at(), 8U);
}

TEST_F(LimitNow, IsZeroUnderAnySwitch) {
  for (const SwitchScope& scope : {SwitchScope{"s", "f"}, SwitchScope{"s", ""}, SwitchScope{}}) {
    flip(scope, true);
    EXPECT_EQ(at(), 0U);
    apply(SwitchGone{scope, {}});
    EXPECT_EQ(at(), kUnlimited);
  }
}

TEST_F(LimitNow, GrowsUnderARampToTheLimitOrToTheAccounts) {
  flip({"s", "f"}, false);
  EXPECT_EQ(at(), 1U);
  EXPECT_EQ(at(kNow + Seconds{50}), 50U);
  EXPECT_EQ(at(kNow + Seconds{100}), kUnlimited);
  limit(8);
  EXPECT_EQ(at(kNow + Seconds{50}), 4U);
  EXPECT_EQ(at(kNow + Seconds{100}), 8U);
}

TEST_F(LimitNow, ARampLiftsNoLimitOfZeroAndNoOtherSwitch) {
  flip({"s", "f"}, false);
  limit(0);
  EXPECT_EQ(at(kNow + Seconds{50}), 0U);
  limit(8);
  flip({}, true);
  EXPECT_EQ(at(kNow + Seconds{50}), 0U);
}

}  // namespace
}  // namespace convoke
