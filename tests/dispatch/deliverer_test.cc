// Deliveries under way: at most so many, no more than its share of one function, each outcome
// written down once.
#include "core/dispatch/deliverer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "core/dispatch/successor.h"
#include "queue/delivery_name.h"
#include "tests/dispatch/world.h"

namespace convoke::testing {
namespace {

constexpr FunctionId kSlow{1};
constexpr FunctionId kOther{2};

// Holds every post until the test answers it.
class HeldPoster final : public Poster {
 public:
  struct Post {
    PostRequest request;
    Done done;
  };
  void post(PostRequest request, Done done) override {
    posts.push_back({std::move(request), std::move(done)});
  }
  [[nodiscard]] std::size_t under_way(const std::string& url) const {
    return static_cast<std::size_t>(std::count_if(
        posts.begin(), posts.end(), [&](const Post& post) { return post.request.url == url; }));
  }
  void answer(const std::string& url, int status) {
    const auto post = std::find_if(posts.begin(), posts.end(),
                                   [&](const Post& one) { return one.request.url == url; });
    ASSERT_NE(post, posts.end());
    const Done done = std::move(post->done);
    posts.erase(post);
    PostAnswer answer;
    answer.kind = PostAnswer::Kind::kAnswered;
    answer.status = status;
    done(answer);
  }
  std::vector<Post> posts;
};

class DelivererTest : public ::testing::Test, private QueueListener {
 protected:
  DelivererTest() { deliverer_.attach(queue_); }

  static std::string url_of(FunctionId function) {
    return "http://host-" + std::to_string(function.value) + "/";
  }
  void enqueue(FunctionId function, std::size_t deliveries) {
    for (std::size_t i = 0; i < deliveries; ++i) {
      NewCall call;
      call.id = CallId::from_random(rng_.next(), rng_.next());
      call.function = delivery_line_of(function);
      call.name = delivery_name(CallId::from_random(rng_.next(), rng_.next()));
      call.event = encode_delivery({url_of(function), "record"});
      call.accepted = call.due = clock_.wall();
      queue_.accept(std::move(call), [](const Result<void>&) {});
    }
    settle();
  }
  void settle() {
    while (queue_.step(clock_.wall())) {
    }
  }
  void answer(FunctionId function, int status) {
    poster_.answer(url_of(function), status);
    settle();
  }
  [[nodiscard]] std::size_t under_way(FunctionId function) const {
    return poster_.under_way(url_of(function));
  }
  [[nodiscard]] std::size_t settled_as(Settlement settlement) const {
    return static_cast<std::size_t>(
        std::count_if(queue_.settlements.begin(), queue_.settlements.end(),
                      [&](const auto& one) { return one.second == settlement; }));
  }

  VirtualClock clock_;
  Directory directory_;
  HeldPoster poster_;
  std::string key_ = "key";
  Rng rng_ = Rng::seeded(1);
  std::vector<std::string> alarms_;
  Deliverer deliverer_{{clock_, directory_, poster_, key_},
                       rng_.fork("deliveries"),
                       [this](std::string_view what) { alarms_.emplace_back(what); }};
  NaiveQueue queue_{*this};

 private:
  void on_ready(FunctionId line) override { deliverer_.on_ready(line); }
  void on_claimed(FunctionId line, std::vector<ClaimedCall> calls) override {
    deliverer_.on_claimed(line, std::move(calls));
  }
};

TEST_F(DelivererTest, AFunctionHasItsShareUnderWayAndTheNextOnlyWhenOneHasEnded) {
  enqueue(kSlow, 100);
  EXPECT_EQ(under_way(kSlow), kDeliveriesOfOneMax);
  answer(kSlow, 200);
  EXPECT_EQ(under_way(kSlow), kDeliveriesOfOneMax);
  EXPECT_EQ(settled_as(Settlement::kSucceeded), 1U);
  EXPECT_EQ(deliverer_.under_way(), kDeliveriesOfOneMax);
}

TEST_F(DelivererTest, OnesBacklogHoldsUpNoOthersDelivery) {
  enqueue(kSlow, 100);
  enqueue(kOther, 3);
  EXPECT_EQ(under_way(kOther), 3U);
  for (int i = 0; i < 3; ++i) answer(kOther, 204);
  EXPECT_EQ(settled_as(Settlement::kSucceeded), 3U);
  EXPECT_EQ(under_way(kSlow), kDeliveriesOfOneMax);
}

TEST_F(DelivererTest, AllTogetherAreBoundedAndEachFunctionsBacklogIsBroughtOutInTheEnd) {
  constexpr std::uint64_t kFunctions = 7;
  for (std::uint64_t f = 1; f <= kFunctions; ++f) enqueue(FunctionId{f}, 20);
  EXPECT_EQ(poster_.posts.size(), kDeliveriesMax);
  while (!poster_.posts.empty()) {
    const std::string url = poster_.posts.front().request.url;
    poster_.answer(url, 200);
    settle();
    ASSERT_LE(poster_.posts.size(), kDeliveriesMax);
    ASSERT_LE(poster_.under_way(url), kDeliveriesOfOneMax);
  }
  EXPECT_EQ(settled_as(Settlement::kSucceeded), kFunctions * 20);
  EXPECT_EQ(deliverer_.under_way(), 0U);
}

TEST_F(DelivererTest, OneThatIsTriedLaterLeavesItsPlaceToTheNext) {
  enqueue(kSlow, 17);
  answer(kSlow, 503);
  EXPECT_EQ(under_way(kSlow), 16U);
  EXPECT_EQ(queue_.unsettled(), 17U);
  for (int i = 0; i < 16; ++i) answer(kSlow, 200);
  EXPECT_EQ(under_way(kSlow), 0U);
  clock_.advance(Seconds{10});
  settle();
  ASSERT_EQ(under_way(kSlow), 1U);
  answer(kSlow, 200);
  EXPECT_EQ(settled_as(Settlement::kSucceeded), 17U);
}

TEST_F(DelivererTest, WhatIsGivenUpIsFailedAndSaidAloud) {
  enqueue(kSlow, 1);
  answer(kSlow, 410);
  EXPECT_EQ(settled_as(Settlement::kFailed), 1U);
  ASSERT_EQ(alarms_.size(), 1U);
  EXPECT_NE(alarms_[0].find(url_of(kSlow)), std::string::npos) << alarms_[0];
}

TEST_F(DelivererTest, WhenItDrainsItBeginsNoMoreAndEndsWhatIsUnderWay) {
  enqueue(kSlow, 20);
  deliverer_.drain();
  for (std::size_t i = 0; i < kDeliveriesOfOneMax; ++i) answer(kSlow, 200);
  EXPECT_EQ(under_way(kSlow), 0U);
  EXPECT_EQ(deliverer_.under_way(), 0U);
  EXPECT_EQ(queue_.unsettled(), 4U);
}

}  // namespace
}  // namespace convoke::testing
