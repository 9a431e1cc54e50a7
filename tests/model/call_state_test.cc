#include "core/model/call_state.h"

#include <gtest/gtest.h>

#include <set>
#include <utility>

namespace convoke {
namespace {

using enum CallState;

// Every legal move, written out once more by hand: the table must say exactly this.
const std::set<std::pair<CallState, CallState>> kLegal = {
    {kEnqueued, kDequeued}, {kEnqueued, kStopped},  {kEnqueued, kExpired},  {kEnqueued, kInvalid},
    {kDequeued, kRunning},  {kDequeued, kEnqueued}, {kDequeued, kRetrying}, {kDequeued, kFailed},
    {kDequeued, kStopping}, {kDequeued, kStopped},  {kDequeued, kExpired},  {kDequeued, kInvalid},
    {kRunning, kSucceeded}, {kRunning, kFailed},    {kRunning, kRetrying},  {kRunning, kEnqueued},
    {kRunning, kStopping},  {kRunning, kExpired},   {kRetrying, kDequeued}, {kRetrying, kStopped},
    {kRetrying, kExpired},  {kRetrying, kInvalid},  {kStopping, kStopped},  {kStopping, kSucceeded},
    {kStopping, kFailed},
};

TEST(CallState, EveryPairIsLegalOrNotAsWritten) {
  for (std::size_t from = 0; from < kCallStates; ++from) {
    for (std::size_t to = 0; to < kCallStates; ++to) {
      const auto a = static_cast<CallState>(from);
      const auto b = static_cast<CallState>(to);
      EXPECT_EQ(may_follow(a, b), kLegal.contains({a, b})) << name_of(a) << " -> " << name_of(b);
    }
  }
}

TEST(CallState, AnEndedCallNeverMovesAgain) {
  for (const CallState state : {kSucceeded, kFailed, kStopped, kExpired, kInvalid}) {
    EXPECT_TRUE(has_ended(state)) << name_of(state);
  }
  for (const CallState state : {kEnqueued, kDequeued, kRunning, kRetrying, kStopping}) {
    EXPECT_FALSE(has_ended(state)) << name_of(state);
  }
}

TEST(CallState, EveryStateCanBeReachedAndCanEnd) {
  std::set<CallState> reached = {kEnqueued};
  for (std::size_t round = 0; round < kCallStates; ++round) {
    for (const auto& [from, to] : kLegal) {
      if (reached.contains(from)) reached.insert(to);
    }
  }
  EXPECT_EQ(reached.size(), kCallStates);

  std::set<CallState> can_end = {kSucceeded, kFailed, kStopped, kExpired, kInvalid};
  for (std::size_t round = 0; round < kCallStates; ++round) {
    for (const auto& [from, to] : kLegal) {
      if (can_end.contains(to)) can_end.insert(from);
    }
  }
  EXPECT_EQ(can_end.size(), kCallStates);
}

}  // namespace
}  // namespace convoke
