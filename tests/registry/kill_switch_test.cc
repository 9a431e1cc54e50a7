// Kill switches: what may be set and lifted, what each covers, and what outlives a restart.
#include <gtest/gtest.h>

#include "core/registry/decide.h"
#include "core/registry/registry.h"
#include "core/registry/stopping.h"
#include "tests/registry/temp_dir.h"

namespace convoke {
namespace {

const SwitchScope kOfF{"s", "f"};
const SwitchScope kOfS{"s", ""};
const SwitchScope kOfAll{"", ""};

DisableInvoke off(const SwitchScope& scope, bool aborts = true) {
  DisableInvoke disable;
  disable.scope = scope;
  disable.aborts = aborts;
  disable.reason = "because";
  disable.by = "ada";
  return disable;
}

// A registry on disk, with the functions s/f, s/g and t/f; each change one second after the last.
class KillSwitches : public ::testing::Test {
 protected:
  KillSwitches() {
    open();
    for (const char* service : {"s", "t"}) make(CreateService{service, {}});
    FunctionFields fields;
    fields.runtime = "in-process";
    fields.handler = "pi";
    make(CreateFunction{"s", "f", fields});
    make(CreateFunction{"s", "g", fields});
    make(CreateFunction{"t", "f", fields});
  }
  void open() {
    registry_.reset();
    Result<std::unique_ptr<Registry>> opened =
        Registry::open({directory_.path(), [](std::string_view) { return true; }});
    ASSERT_TRUE(opened) << opened.error().message;
    registry_ = *std::move(opened);
    known_ = Directory();
    for (const Change& change : registry_->loaded()) known_.apply(change);
  }
  Result<Change> change(const Mutation& mutation) {
    now_ += Seconds{1};
    Result<Change> made = registry_->execute(mutation, now_);
    if (made) known_.apply(*made);
    return made;
  }
  void make(const Mutation& mutation) {
    const Result<Change> made = change(mutation);
    ASSERT_TRUE(made) << made.error().message;
  }
  ErrorCode error(const Mutation& mutation) {
    const Result<Change> made = change(mutation);
    return made ? ErrorCode::kClockNotVirtual : made.error().code;
  }
  const KillSwitch* over(const char* service, const char* function) {
    return switched_off_by(known_, service, function);
  }

  TempDir directory_;
  std::unique_ptr<Registry> registry_;
  Directory known_;
  WallTime now_ = wall_from_ms(1'700'000'000'000);
};

TEST_F(KillSwitches, OneOfAFunctionStopsThatOneAlone) {
  make(off(kOfF));
  ASSERT_NE(over("s", "f"), nullptr);
  EXPECT_EQ(over("s", "f")->reason, "because");
  EXPECT_EQ(over("s", "f")->by, "ada");
  EXPECT_EQ(over("s", "f")->since, now_);
  EXPECT_EQ(over("s", "g"), nullptr);
  EXPECT_EQ(over("t", "f"), nullptr);
  make(EnableInvoke{kOfF, "", {}});
  EXPECT_EQ(over("s", "f"), nullptr);
}

TEST_F(KillSwitches, OneOfAServiceAndOneOfEverythingCoverWhatIsDeployedLaterToo) {
  make(off(kOfS));
  FunctionFields fields;
  fields.runtime = "in-process";
  fields.handler = "pi";
  make(CreateFunction{"s", "later", fields});
  EXPECT_NE(over("s", "later"), nullptr);
  EXPECT_EQ(over("t", "f"), nullptr);
  make(off(kOfAll));
  EXPECT_EQ(over("t", "f")->scope, kOfAll);
  EXPECT_EQ(over("s", "f")->scope, kOfS);
  make(EnableInvoke{kOfS, "", {}});
  EXPECT_EQ(over("s", "f")->scope, kOfAll);
  make(EnableInvoke{kOfAll, "", {}});
  EXPECT_FALSE(known_.has_switches());
}

TEST_F(KillSwitches, LiftingOneLeavesTheLimitThatWasThere) {
  make(PutLimit{"s", "", "f", 8});
  make(off(kOfF));
  make(EnableInvoke{kOfF, "", {}});
  EXPECT_EQ(known_.limit_of(known_.find_function("s", "f")->id), 8U);
}

TEST_F(KillSwitches, WhatIsNotThereCannotBeStoppedAndNothingCanBeLifted) {
  EXPECT_EQ(error(off({"s", "nothing"})), ErrorCode::kFunctionNotFound);
  EXPECT_EQ(error(off({"nowhere", ""})), ErrorCode::kServiceNotFound);
  EXPECT_EQ(error(EnableInvoke{{"s", "nothing"}, "", {}}), ErrorCode::kFunctionNotFound);
  make(EnableInvoke{kOfF, "", {}});
  make(EnableInvoke{kOfF, "", 60});
  EXPECT_FALSE(known_.has_switches());
}

TEST_F(KillSwitches, ReasonsAndSpansOfTimeAreBounded) {
  DisableInvoke wordy = off(kOfF);
  wordy.reason.assign(kSwitchReasonBytesMax + 1, 'x');
  EXPECT_EQ(error(wordy), ErrorCode::kInvalidArgument);
  for (const std::int64_t lasts :
       {std::int64_t{0}, std::int64_t{-1}, kSwitchLastsMax.count() + 1}) {
    DisableInvoke odd = off(kOfF);
    odd.lasts_s = lasts;
    EXPECT_EQ(error(odd), ErrorCode::kInvalidArgument);
  }
  for (const std::int64_t ramp : {std::int64_t{0}, kRampMax.count() + 1}) {
    EXPECT_EQ(error(EnableInvoke{kOfF, "", ramp}), ErrorCode::kInvalidArgument);
  }
}

TEST_F(KillSwitches, EndsByItselfOnceAndOnlyThatOne) {
  DisableInvoke brief = off(kOfF);
  brief.lasts_s = 60;
  make(brief);
  const std::uint64_t first = over("s", "f")->version;
  EXPECT_EQ(over("s", "f")->until, now_ + Seconds{60});
  make(off(kOfF));
  EXPECT_EQ(error(EndSwitch{kOfF, first}), ErrorCode::kPreconditionFailed);
  make(EndSwitch{kOfF, over("s", "f")->version});
  EXPECT_EQ(over("s", "f"), nullptr);
  EXPECT_EQ(error(EndSwitch{kOfF, first}), ErrorCode::kPreconditionFailed);
}

TEST_F(KillSwitches, AllOfItOutlivesARestart) {
  DisableInvoke whole = off(kOfF, false);
  whole.lasts_s = 60;
  whole.refuses_async = true;
  make(whole);
  make(off(kOfS));
  make(EnableInvoke{kOfS, "bob", 30});
  make(off(kOfAll));
  const std::vector<SwitchPtr> before = known_.switches();
  open();
  const std::vector<SwitchPtr> after = known_.switches();
  ASSERT_EQ(after.size(), 3U);
  for (std::size_t i = 0; i < after.size(); ++i) EXPECT_EQ(*after[i], *before[i]) << i;
}

TEST_F(KillSwitches, GoWithWhatTheyAreFor) {
  make(off(kOfF));
  make(off(kOfS));
  for (const char* function : {"f", "g"}) make(DeleteFunction{"s", function, {}});
  make(DeleteService{"s", {}});
  EXPECT_FALSE(known_.has_switches());
  make(CreateService{"s", {}});
  open();
  EXPECT_FALSE(known_.has_switches());
}

TEST_F(KillSwitches, WhatRunsIsEndedByALimitOfZeroOrByAnySwitchThatSaysSo) {
  const FunctionPtr f = known_.find_function("s", "f");
  EXPECT_FALSE(ends_what_runs(known_, *f));
  make(off(kOfF, false));
  EXPECT_FALSE(ends_what_runs(known_, *f));
  make(off(kOfAll, true));
  EXPECT_TRUE(ends_what_runs(known_, *f));
  make(EnableInvoke{kOfAll, "", {}});
  EXPECT_FALSE(ends_what_runs(known_, *f));
  make(PutLimit{"s", "", "f", 0});
  EXPECT_TRUE(ends_what_runs(known_, *f));
}

TEST_F(KillSwitches, AsyncCallsAreRefusedUnderAnyThatSaysSo) {
  const FunctionSpec spec = known_.find_function("s", "f")->spec;
  make(off(kOfF));
  EXPECT_EQ(refuses_async(known_, spec), nullptr);
  DisableInvoke strict = off(kOfS);
  strict.refuses_async = true;
  make(strict);
  ASSERT_NE(refuses_async(known_, spec), nullptr);
  EXPECT_EQ(refuses_async(known_, spec)->scope, kOfS);
}

TEST_F(KillSwitches, ARampLetsOneInstanceOutAtFirstAndAllAtItsEnd) {
  make(off(kOfF));
  make(EnableInvoke{kOfF, "", 100});
  EXPECT_EQ(over("s", "f"), nullptr);
  const SwitchPtr ramp = known_.find_switch(kOfF);
  ASSERT_TRUE(ramp);
  EXPECT_EQ(let_out(*ramp, 50, now_ - Seconds{5}), 1U);  // the clock was set back
  EXPECT_EQ(let_out(*ramp, 50, now_), 1U);
  EXPECT_EQ(let_out(*ramp, 50, now_ + Seconds{50}), 25U);
  EXPECT_EQ(let_out(*ramp, 50, now_ + Seconds{99}), 49U);
  EXPECT_EQ(let_out(*ramp, 50, now_ + Seconds{100}), std::nullopt);
  EXPECT_EQ(let_out(*ramp, 1, now_), 1U);
}

}  // namespace
}  // namespace convoke
