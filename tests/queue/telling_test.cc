// What the embedded store tells the history: in order, before the answers, and again after a crash
// until it has been taken in.
#include <gtest/gtest.h>

#include "core/model/firing.h"
#include "queue/history/sink.h"
#include "tests/queue/journal_world.h"

namespace convoke::fake {
namespace {

using namespace history;

constexpr FunctionId kF{1};

struct Listener final : Sink {
  void tell(Chapter chapter) override {
    EXPECT_FALSE(chapter.facts.empty());
    EXPECT_GE(chapter.upto, upto) << "a journal's mark only grows";
    upto = chapter.upto;
    for (Fact& fact : chapter.facts) facts.push_back(std::move(fact));
  }
  template <class What>
  [[nodiscard]] std::vector<What> all() const {
    std::vector<What> found;
    for (const Fact& fact : facts) {
      if (const auto* one = std::get_if<What>(&fact)) found.push_back(*one);
    }
    return found;
  }
  // "Accepted Dequeued ..."
  [[nodiscard]] std::string life(const CallId& id) const {
    static const std::vector<std::string> kNames = {"Accepted", "Dequeued",  "Started",
                                                    "Stopping", "GivenBack", "Attempted",
                                                    "Finished", "Delivered", "Fired"};
    std::string all;
    for (const Fact& fact : facts) {
      if (std::visit([&](const auto& what) { return what.id == id; }, fact)) {
        all += kNames[fact.index()] + ' ';
      }
    }
    return all;
  }
  std::vector<Fact> facts;
  Mark upto;
};

class Telling : public ::testing::Test {
 protected:
  Telling() { restart_with(listener); }

  void restart_with(Listener& to) {
    journal::Options options = JournalWorld::small();
    options.history = &to;
    world.use(options);
    world.crash();
  }
  CallId accepted(const std::string& name, const std::string& event = "event") {
    NewCall call = world.call(kF, event);
    call.name = name;
    EXPECT_TRUE(world.accept(call).ok());
    return call.id;
  }
  Receipt claimed() { return world.claim(kF).at(0).receipt; }

  Listener listener;
  JournalWorld world;
};

TEST_F(Telling, ANamedCallsLifeIsToldInOrder) {
  const CallId id = accepted("job");
  Receipt receipt = claimed();
  world.queue().note_started(receipt, world.clock.wall(), "i-1");
  EXPECT_EQ(world.postponed(receipt, world.clock.wall()), SettleResult::kDone);
  receipt = claimed();
  world.queue().give_back(receipt);
  Ending ending = Settlement::kSucceeded;
  ending.result = "answer";
  EXPECT_EQ(world.settled(claimed(), ending), SettleResult::kDone);
  EXPECT_EQ(listener.life(id),
            "Accepted Dequeued Started Attempted Dequeued GivenBack Dequeued Finished ");
  EXPECT_EQ(listener.all<Accepted>().at(0).name, "job");
  EXPECT_EQ(listener.all<Finished>().at(0).result, "answer");
  EXPECT_EQ(listener.all<Finished>().at(0).retries, 1U);
}

TEST_F(Telling, BeforeThe202) {
  NewCall call = world.call(kF);
  call.name = "job";
  std::string life;
  world.queue().accept(call, [&](const Result<void>&) { life = listener.life(call.id); });
  world.settle();
  EXPECT_EQ(life, "Accepted ");
}

TEST_F(Telling, OfACallWithoutANameOnlyThatItFailed) {
  const CallId good = accepted("");
  EXPECT_EQ(world.settled(claimed()), SettleResult::kDone);
  const CallId bad = accepted("", "the event");
  Ending ending = Settlement::kFailed;
  ending.qualifier = "LATEST";
  ending.event = std::make_shared<const std::string>("the event");
  EXPECT_EQ(world.settled(claimed(), ending), SettleResult::kDone);
  EXPECT_EQ(listener.life(good), "");
  EXPECT_EQ(listener.life(bad), "Accepted Finished ");
  EXPECT_EQ(listener.all<Accepted>().at(0).event, "the event");
  EXPECT_EQ(listener.all<Accepted>().at(0).qualifier, "LATEST");
}

TEST_F(Telling, ADeliverysEndIsToldOfItsCall) {
  const CallId call = accepted("job");
  (void)world.settled(claimed());
  accepted(std::string(1, kInternalName) + call.text());
  Ending ending = Settlement::kFailed;
  ending.report.message = "Failed: answered 410";
  (void)world.settled(claimed(), ending);
  EXPECT_EQ(listener.life(call), "Accepted Dequeued Finished Delivered ");
  EXPECT_EQ(listener.all<Delivered>().at(0).destination_status, "Failed: answered 410");
}

TEST_F(Telling, WhatWasNotTakenInIsToldAgainAfterACrash) {
  const CallId first = accepted("first");
  (void)world.settled(claimed());
  const Mark taken = listener.upto;
  const CallId second = accepted("second");
  (void)world.postponed(claimed(), world.clock.wall());
  Listener again;
  world.marks[0] = taken;
  restart_with(again);
  EXPECT_EQ(again.life(first), "");
  EXPECT_EQ(again.life(second), "Accepted Attempted ");
  Listener everything;
  world.marks[0] = Mark{};
  restart_with(everything);
  EXPECT_EQ(everything.life(first), "Accepted Finished ");
}

TEST_F(Telling, SegmentsWaitForTheHistory) {
  const auto files = [&] { return world.disk.files(JournalWorld::directory(0)).size(); };
  for (int i = 0; i < 100; ++i) {
    accepted("job" + std::to_string(i), std::string(300, 'x'));
    (void)world.settled(claimed());
  }
  EXPECT_GE(files(), 12U) << "nothing was taken in: all that was told may have to be told again";
  Listener again;
  restart_with(again);
  EXPECT_EQ(again.all<Finished>().size(), 100U);
  world.store().on_taken(0, again.upto);
  for (int i = 0; i < 20; ++i) {
    accepted("", std::string(300, 'x'));
    (void)world.settled(claimed());
  }
  EXPECT_LE(files(), 8U);
}

TEST_F(Telling, AResultThatFindsNoRoomHoldsUpNoEnd) {
  const CallId id = accepted("job");
  Ending ending = Settlement::kSucceeded;
  ending.result = std::string(100'000, 'r');  // many times a segment
  EXPECT_EQ(world.settled(claimed(), ending), SettleResult::kDone);
  EXPECT_EQ(listener.all<Finished>().at(0).result.size(), 100'000U);
  world.crash();
  EXPECT_FALSE(world.queue().find(id));
}

TEST_F(Telling, AnEndThatWasWrittenShortIsToldAgainAsAnEnd) {
  const CallId id = accepted("job");
  Ending ending = Settlement::kFailed;
  ending.result = std::string(100'000, 'r');  // many times a segment
  ending.report.error = "UnhandledInvocationError";
  EXPECT_EQ(world.settled(claimed(), ending), SettleResult::kDone);
  Listener again;
  restart_with(again);
  EXPECT_EQ(again.life(id), "Accepted Finished ");
  const Finished end = again.all<Finished>().at(0);
  EXPECT_EQ(end.settlement, Settlement::kFailed);
  EXPECT_EQ(end.result, "") << "what found no room in the journal is not known any more";
  EXPECT_EQ(again.upto, listener.upto) << "and is not told a third time";
}

TEST_F(Telling, AnEndThatWasWrittenShortOfACallWithoutANameIsNotTold) {
  accepted("");
  Ending ending = Settlement::kFailed;
  ending.event = std::make_shared<const std::string>(std::string(100'000, 'e'));
  EXPECT_EQ(world.settled(claimed(), ending), SettleResult::kDone);
  Listener again;
  restart_with(again);
  EXPECT_TRUE(again.facts.empty());
}

TEST_F(Telling, ATimersFiringIsToldOnceItIsDurableAndAgainAfterACrash) {
  NewCall call = world.call(kF);
  call.id = firing_id({7, world.clock.wall()});
  std::string life;
  world.queue().accept(call, [&](const Result<void>&) { life = listener.life(call.id); });
  world.settle();
  EXPECT_EQ(life, "Fired ");
  EXPECT_EQ(world.accept(call).error().code, ErrorCode::kCallAlreadyExists);
  (void)world.settled(claimed());
  EXPECT_EQ(listener.life(call.id), "Fired ");
  Listener again;
  world.marks[0] = Mark{};
  restart_with(again);
  EXPECT_EQ(again.life(call.id), "Fired ");
}

TEST_F(Telling, AStoppedCallIsTold) {
  const CallId id = accepted("job");
  EXPECT_EQ(world.stopped(id), StopResult::kStopped);
  EXPECT_EQ(listener.life(id), "Accepted Finished ");
  EXPECT_EQ(listener.all<Finished>().at(0).settlement, Settlement::kStopped);
}

}  // namespace
}  // namespace convoke::fake
