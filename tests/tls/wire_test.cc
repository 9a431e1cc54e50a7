// What goes over a session, how it ends, and who may end it when.
#include "core/tls/wire.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/tls/side.h"

namespace convoke::tls {
namespace {

class Fragments : public SecuredWireTest, public testing::WithParamInterface<std::size_t> {};

TEST_P(Fragments, BytesArriveBothWaysInWhateverPiecesTheNetworkMakes) {
  fragment_ = GetParam();
  make_pair();
  const std::string question = pattern(100'000);
  const std::string answer = pattern(50'000);
  write(question);
  EXPECT_TRUE(server_->received == question);
  server_->write(answer);
  EXPECT_TRUE(received_ == answer);
  EXPECT_EQ(wire_->buffered(), 0U);
  EXPECT_EQ(wire_->never_read(), 0U);
}

INSTANTIATE_TEST_SUITE_P(Sizes, Fragments, testing::Values(1, 7, 1000, 16'389, fake::Peer::kAll));

TEST_F(SecuredWireTest, WhatIsWrittenBeforeTheHandshakeIsDoneFollowsIt) {
  connect();
  wire_->write("one ");
  wire_->write("two");
  EXPECT_EQ(wire_->buffered(), 7U);
  EXPECT_EQ(wire_->never_read(), 7U);
  serve({});
  EXPECT_EQ(server_->received, "one two");
  EXPECT_EQ(wire_->never_read(), 0U);
}

TEST_F(SecuredWireTest, ASlowPeerLeavesWhatIsWrittenPlainAndHearsAllOfItInTheEnd) {
  make_pair();
  peer().take_nothing_more();
  const std::string all = pattern(3'000'000);
  for (std::size_t at = 0; at < all.size(); at += 50'000) write(all.substr(at, 50'000));
  EXPECT_GE(wire_->buffered(), all.size());
  EXPECT_LT(wire_->buffered() - wire_->never_read(), Wire::kOutputHigh + 2 * kRecordMax);
  EXPECT_FALSE(was_heard("drained"));
  for (int i = 0; i < 10; ++i) {
    peer().take(10'000);
    server_->pump();
  }
  EXPECT_FALSE(was_heard("drained"));
  peer().take(fake::Peer::kAll);
  server_->pump();
  EXPECT_TRUE(server_->received == all);
  turn();
  EXPECT_EQ(std::count(calls_.begin(), calls_.end(), "drained"), 1);
  EXPECT_EQ(wire_->buffered(), 0U);
}

TEST_F(SecuredWireTest, WhatWaitedForTheHandshakeIsToldToHaveDrained) {
  connect();
  wire_->write(pattern(Wire::kOutputLow - 100));
  wire_->write(pattern(200));
  serve({});
  turn();
  EXPECT_EQ(calls_.back(), "drained");
  EXPECT_EQ(server_->received.size(), Wire::kOutputLow + 100);
}

TEST_F(SecuredWireTest, APauseHoldsThePeerBackAndLosesNothing) {
  make_pair();
  const std::string all = pattern(1'000'000);
  then_ = [this](const std::string& what) {
    if (what == "bytes") wire_->pause_reading();
  };
  for (std::size_t at = 0; at < all.size(); at += 100'000) {
    server_->write(std::string_view(all).substr(at, 100'000));
  }
  EXPECT_EQ(received_.size(), kRecordMax);
  EXPECT_GE(peer().unread(), 800'000U);
  for (int i = 0; i < 200 && received_.size() < all.size(); ++i) {
    const std::size_t before = received_.size();
    wire_->resume_reading();
    EXPECT_EQ(received_.size(), before);  // never from inside a call
    turn();
  }
  EXPECT_TRUE(received_ == all);
  EXPECT_EQ(peer().unread(), 0U);
}

TEST_F(SecuredWireTest, AnEndBehindAPauseComesAfterAllBytes) {
  make_pair();
  wire_->pause_reading();
  server_->write("last words");
  server_->say_end();
  peer().end();
  EXPECT_EQ(received_, "");
  wire_->resume_reading();
  turn();
  EXPECT_EQ(received_, "last words");
  EXPECT_EQ(calls_, (std::vector<std::string>{"connected", "bytes", "eof"}));
}

TEST_F(SecuredWireTest, TheEndThatThePeerSaysIsAnEnd) {
  make_pair();
  server_->say_end();
  EXPECT_EQ(calls_.back(), "eof");
  peer().end();
  EXPECT_EQ(std::count(calls_.begin(), calls_.end(), "eof"), 1);
  write("still");
  EXPECT_EQ(server_->received, "still");
}

TEST_F(SecuredWireTest, AnEndWithoutThatWordIsALoss) {
  make_pair();
  server_->write("half an answ");
  peer().end();
  EXPECT_EQ(calls_, (std::vector<std::string>{"connected", "bytes", "closed"}));
  EXPECT_NE(trouble_.find("cut off"), std::string::npos) << trouble_;
  EXPECT_TRUE(peer().gone());
}

TEST_F(SecuredWireTest, AByteThatWasChangedOnTheWayIsALoss) {
  make_pair();
  peer().send(std::string("\x17\x03\x03\x00\x20", 5) + std::string(32, 'x'));
  EXPECT_EQ(calls_.back(), "closed");
  EXPECT_EQ(received_, "");
}

TEST_F(SecuredWireTest, ShutdownSaysTheEndAfterAllThatWasWritten) {
  make_pair();
  peer().take_nothing_more();
  const std::string all = pattern(1'000'000);
  wire_->write(all);
  wire_->shutdown();
  turn();
  EXPECT_FALSE(server_->heard_end());
  peer().take(fake::Peer::kAll);
  server_->pump();
  EXPECT_TRUE(server_->received == all);
  EXPECT_TRUE(server_->heard_end());
  EXPECT_TRUE(peer().saw_end());
  server_->write("reading goes on");
  EXPECT_EQ(received_, "reading goes on");
}

TEST_F(SecuredWireTest, NewKeysInTheMiddleChangeNothing) {
  make_pair();
  server_->change_keys();
  server_->write("under new keys");
  EXPECT_EQ(received_, "under new keys");
  write("and back");
  EXPECT_EQ(server_->received, "and back");
}

TEST_F(SecuredWireTest, OnceSentNothingIsCertainlyUnread) {
  make_pair();
  peer().take_nothing_more();
  wire_->write(pattern(1000));
  turn();
  peer().reset();
  EXPECT_EQ(trouble_, "ECONNRESET");
  EXPECT_EQ(wire_->never_read(), 0U);
  wire_->write("after the end");
  EXPECT_EQ(wire_->never_read(), 13U);
  EXPECT_EQ(wire_->buffered(), 0U);
}

TEST_F(SecuredWireTest, MayBeDestroyedInEachCallback) {
  for (const std::string when : {"connected", "bytes", "drained", "eof", "closed"}) {
    SCOPED_TRACE(when);
    then_ = [this, when](const std::string& what) {
      if (what == when) wire_.reset();
    };
    calls_.clear();
    connect();
    serve({});
    if (wire_) server_->write(pattern(100'000));
    if (wire_) {
      peer().take_nothing_more();
      wire_->write(pattern(500'000));
      peer().take(fake::Peer::kAll);
      server_->pump();
      turn();
    }
    if (wire_ && when == "eof") server_->say_end();
    if (wire_) peer().reset();
    EXPECT_EQ(wire_, nullptr);
    EXPECT_EQ(calls_.back(), when);
    time_.pass(Seconds{1});
    EXPECT_EQ(calls_.back(), when);
    EXPECT_TRUE(peer().gone());
  }
}

}  // namespace
}  // namespace convoke::tls
