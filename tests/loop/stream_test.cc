#include <algorithm>

#include "tests/loop/fixture.h"

namespace convoke {
namespace {

std::string pattern(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>('a' + (i * 31 + i / 97) % 26);
  return bytes;
}

class StreamTest : public WiresTest {};
INSTANTIATE_TEST_SUITE_P(, StreamTest, testing::Values(Family::kIpv4, Family::kIpv6, Family::kUnix),
                         family_name);

TEST_P(StreamTest, WhatIsWrittenArrivesAndComesBack) {
  acceptor_.prepare = [](End& end) {
    end.on = [&end](const std::string& call) {
      if (call == "bytes") end.wire->write(std::exchange(end.received, {}));
    };
  };
  make_pair();
  client_.wire->write("over ");
  client_.wire->write("");
  client_.wire->write("and out");
  turn_until(loop_, [&] { return client_.received.size() == 12; });
  EXPECT_EQ(client_.received, "over and out");
  EXPECT_EQ(client_.wire->buffered(), 0U);
}

TEST_P(StreamTest, WritesBeforeTheConnectionStandsAreSentOnceItDoes) {
  listen();
  connect(client_);
  client_.wire->write("early");
  client_.wire->shutdown();
  EXPECT_EQ(client_.wire->buffered(), 5U);
  turn_until(loop_, [&] { return !acceptor_.ends.empty() && server().has("eof"); });
  EXPECT_EQ(server().received, "early");
  EXPECT_EQ(client_.calls.at(0), "connected");
}

TEST_P(StreamTest, OutputIsCorkedUntilTheTurnEnds) {
  make_pair();
  std::size_t before_the_end = 0;
  struct Writer {
    std::function<void()> act;
    void run() { act(); }
    Timer timer = timer_for<&Writer::run>(this);
  } writer{[&] {
    for (int i = 0; i < 100; ++i) client_.wire->write("0123456789");
    before_the_end = client_.wire->buffered();
  }};
  loop_.soon(writer.timer);
  turn_until(loop_, [&] { return server().received.size() == 1000; });
  EXPECT_EQ(before_the_end, 1000U);
  EXPECT_EQ(server().count("bytes"), 1);
}

TEST_P(StreamTest, ManyPiecesOfAllSizesArriveInOrder) {
  make_pair();
  std::string sent;
  for (std::size_t i = 0; i < 3000; ++i) {
    std::string piece = pattern(i * 7 % 900 + (i % 50 == 0 ? 5000 : 0));
    sent += piece;
    client_.wire->write(std::move(piece));
    if (i % 1000 == 999) loop_.run_one_turn();
  }
  turn_until(loop_, [&] { return server().received.size() == sent.size(); });
  EXPECT_EQ(server().received, sent);
}

TEST_P(StreamTest, ASlowReaderHoldsTheSenderBackAndDrainedLetsItGoOn) {
  make_pair();
  server().wire->pause_reading();
  const std::string block = pattern(100'000);
  std::string sent;
  while (client_.wire->buffered() <= Wire::kOutputHigh) {
    client_.wire->write(block);
    sent += block;
    loop_.turn_again();
    loop_.run_one_turn();
  }
  EXPECT_FALSE(server().has("bytes"));
  client_.calls.clear();
  for (int i = 0; i < 5; ++i) {
    client_.wire->write(block);  // gathers behind the request under way
    sent += block;
  }
  const std::size_t stuck = client_.wire->buffered();
  loop_.turn_again();
  loop_.run_one_turn();
  EXPECT_EQ(client_.wire->buffered(), stuck);
  EXPECT_FALSE(client_.has("drained"));

  server().wire->resume_reading();
  turn_until(loop_, [&] { return client_.has("drained"); });
  EXPECT_LE(client_.wire->buffered(), Wire::kOutputLow);
  turn_until(loop_, [&] { return server().received.size() == sent.size(); });
  EXPECT_EQ(server().received, sent);
  EXPECT_EQ(client_.wire->buffered(), 0U);
}

TEST_P(StreamTest, DrainedComesInALaterTurnEvenWhenAllLeavesAtOnce) {
  make_pair();
  client_.in_call = true;
  client_.wire->write(pattern(Wire::kOutputLow + 1));
  client_.in_call = false;
  turn_until(loop_, [&] { return client_.has("drained"); });
  client_.wire->write(pattern(Wire::kOutputLow));
  turn_until(loop_, [&] { return server().received.size() == 2 * Wire::kOutputLow + 1; });
  EXPECT_EQ(client_.count("drained"), 1) << "it was not above the mark the second time";
}

TEST_P(StreamTest, APausedReaderHearsNothingUntilItResumes) {
  make_pair();
  server().wire->pause_reading();
  client_.wire->write("x");
  client_.wire->shutdown();
  settle(loop_);
  EXPECT_TRUE(server().calls.empty());
  server().wire->resume_reading();
  turn_until(loop_, [&] { return server().has("eof"); });
  EXPECT_EQ(server().received, "x");
}

TEST_P(StreamTest, PausingBeforeAttachingHolds) {
  acceptor_.prepare = [](End& end) { end.wire->pause_reading(); };
  make_pair();
  client_.wire->write("x");
  settle(loop_);
  EXPECT_TRUE(server().calls.empty());
  server().wire->resume_reading();
  turn_until(loop_, [&] { return server().received == "x"; });
}

TEST_P(StreamTest, ShutdownComesAfterAllOutputAndReadingGoesOn) {
  make_pair();
  const std::string request = pattern(3'000'000);
  client_.wire->write(request);
  client_.wire->shutdown();
  turn_until(loop_, [&] { return server().has("eof"); });
  EXPECT_EQ(server().received, request);
  server().wire->write("answer");
  server().wire->shutdown();
  turn_until(loop_, [&] { return client_.has("eof"); });
  EXPECT_EQ(client_.received, "answer");
  server().wire->resume_reading();
  settle(loop_);
  EXPECT_EQ(server().count("eof"), 1);
  EXPECT_FALSE(server().has("closed"));
}

TEST_P(StreamTest, DestroyingAWireClosesTheConnectionAndDropsItsOutput) {
  make_pair();
  client_.wire->write("never sent");
  client_.wire.reset();
  turn_until(loop_, [&] { return server().has("eof") || server().has("closed"); });
  EXPECT_EQ(server().received, "");
  EXPECT_EQ(client_.calls, std::vector<std::string>{"connected"});
}

TEST_P(StreamTest, WritingToAPeerThatHasGoneEndsInClosed) {
  make_pair();
  server().wire.reset();
  client_.on = [&](const std::string&) {};
  int writes = 0;
  turn_until(loop_, [&] {
    if (!client_.has("closed"))
      client_.wire->write(pattern(1000 + static_cast<std::size_t>(writes++)));
    loop_.turn_again();
    return client_.has("closed");
  });
  EXPECT_EQ(client_.count("closed"), 1);
  EXPECT_FALSE(client_.error.empty());
  client_.wire->write("ignored");
  client_.wire->shutdown();
  EXPECT_EQ(client_.wire->buffered(), 0U);
  EXPECT_EQ(client_.wire->peer(), "");
  settle(loop_);
  EXPECT_EQ(client_.count("closed"), 1);
}

TEST_P(StreamTest, APeerThatAnswersAndHangsUpWhileWeStillSendIsHeardToTheEnd) {
  make_pair();
  server().wire->pause_reading();
  client_.wire->pause_reading();
  for (int i = 0; i < 40; ++i) client_.wire->write(pattern(100'000));
  loop_.turn_again();
  loop_.run_one_turn();
  client_.wire->resume_reading();
  server().wire->write("413");
  loop_.turn_again();
  loop_.run_one_turn();
  server().wire.reset();
  turn_until(loop_, [&] { return client_.has("closed"); });
  EXPECT_EQ(client_.received, "413");
}

TEST_P(StreamTest, AWriteThatFailsWhileReadingIsPausedIsToldAllTheSame) {
  make_pair();
  client_.wire->pause_reading();
  server().wire.reset();
  turn_until(loop_, [&] {
    client_.wire->write("x");
    loop_.turn_again();
    return client_.has("closed");
  });
  EXPECT_EQ(client_.calls.back(), "closed");
}

// What a peer read before it closed, and what this side knows of that afterwards.
class NeverReadTest : public WiresTest {
 protected:
  void write(std::string_view bytes) {
    client_.wire->write(std::string(bytes));
    loop_.turn_again();
    loop_.run_one_turn();
  }
  std::size_t never_read_at_the_end() {
    server().wire.reset();
    turn_until(loop_, [&] { return client_.has("closed") || client_.has("eof"); });
    return client_.wire->never_read();
  }
  bool on_unix() const { return GetParam() == Family::kUnix; }
};
INSTANTIATE_TEST_SUITE_P(, NeverReadTest, testing::Values(Family::kIpv4, Family::kUnix),
                         family_name);

TEST_P(NeverReadTest, NothingWhenAllWasRead) {
  make_pair();
  write("all");
  turn_until(loop_, [&] { return server().received == "all"; });
  EXPECT_EQ(never_read_at_the_end(), 0U);
}

TEST_P(NeverReadTest, AUnixSocketTellsThatTheEndWasNotRead) {
  make_pair();
  server().wire->pause_reading();
  write("unread");
  EXPECT_EQ(never_read_at_the_end(), on_unix() ? 1U : 0U);
}

TEST_P(NeverReadTest, AnAnswerBeforeTheEndDoesNotHideIt) {
  make_pair();
  server().wire->pause_reading();
  write("unread");
  server().wire->write("answer");
  client_.wire->pause_reading();
  loop_.turn_again();
  loop_.run_one_turn();
  client_.wire->resume_reading();
  EXPECT_EQ(never_read_at_the_end(), on_unix() ? 1U : 0U);
  EXPECT_EQ(client_.received, "answer");
}

TEST_P(NeverReadTest, WhatStillWaitedHereCounts) {
  make_pair();
  server().wire->pause_reading();
  write(std::string(8'000'000, 'x'));
  const std::size_t waiting = client_.wire->buffered();
  ASSERT_GT(waiting, 0U);
  client_.wire->write("more");
  EXPECT_EQ(client_.wire->never_read(), waiting + 4);
  // The request under way fails as a whole: of that, only its end is certain.
  EXPECT_GE(never_read_at_the_end(), 5U);
}

TEST_P(NeverReadTest, WritesAfterTheEndCount) {
  make_pair();
  server().wire->pause_reading();
  write("unread");
  const std::size_t before = never_read_at_the_end();
  client_.wire->write("late");
  EXPECT_EQ(client_.wire->never_read(), before + 4);
}

TEST(Stream, WhatAClosedUnixSocketDoesNotTakeWasNeverRead) {
  TemporaryDirectory directory;
  Loop loop;
  LoopWires wires{loop};
  Acceptor acceptor;
  auto listener = wires.listen({Address::Kind::kUnix, directory.path() + "/s", 0}, acceptor);
  End client;
  client.wire = wires.connect((*listener)->local_address(), client);
  turn_until(loop, [&] { return client.has("connected") && !acceptor.ends.empty(); });
  client.wire->pause_reading();  // so that writing meets the end first
  acceptor.ends.clear();
  settle(loop);
  client.wire->write("too late");
  turn_until(loop, [&] { return client.has("closed"); });
  EXPECT_EQ(client.wire->never_read(), 8U);
}

TEST_P(StreamTest, ThePeerOfATcpConnectionHasAName) {
  make_pair();
  const std::string peer = server().wire->peer();
  if (GetParam() == Family::kUnix) {
    EXPECT_EQ(peer, "");
  } else {
    EXPECT_TRUE(Address::parse(peer).ok()) << peer;
    EXPECT_EQ(client_.wire->peer(), listener_->local_address().text());
  }
}

TEST_P(StreamTest, AFailedConnectIsToldLaterWithTheAddress) {
  listen();
  const Address gone = listener_->local_address();
  listener_.reset();
  client_.in_call = true;
  client_.wire = wires_.connect(gone, client_);
  client_.wire->write("x");
  client_.in_call = false;
  turn_until(loop_, [&] { return client_.has("closed"); });
  EXPECT_EQ(client_.calls, std::vector<std::string>{"closed"});
  EXPECT_NE(client_.error.find(gone.text()), std::string::npos) << client_.error;
}

TEST(Stream, AnAddressThatIsNoneFailsLaterToo) {
  Loop loop;
  LoopWires wires(loop);
  for (const Address& bad : {Address{Address::Kind::kTcp, "localhost", 80},
                             Address{Address::Kind::kUnix, std::string(200, 'x'), 0},
                             Address{Address::Kind::kUnix, "", 0}}) {
    End end;
    end.in_call = true;
    end.wire = wires.connect(bad, end);
    end.in_call = false;
    turn_until(loop, [&] { return end.has("closed"); });
  }
  settle(loop);
  EXPECT_EQ(loop.active_handles(), 0U);
}

TEST(Stream, AnIdleConnectionCostsUnderHalfAKilobyte) {
  EXPECT_LE(sizeof(Stream) + sizeof(uv_tcp_t), 512U);
}

}  // namespace
}  // namespace convoke
