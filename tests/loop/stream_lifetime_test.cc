// No callback reaches an owner that is gone: a wire, or its whole owner, destroyed in every one.
#include "tests/loop/fixture.h"

namespace convoke {
namespace {

class StreamLifetimeTest : public WiresTest {};
INSTANTIATE_TEST_SUITE_P(, StreamLifetimeTest, testing::Values(Family::kIpv4, Family::kUnix),
                         family_name);

// The end is deleted, wire and all, from inside the callback `fatal`.
std::unique_ptr<End> end_that_dies_in(const std::string& fatal, std::unique_ptr<End>& slot) {
  auto end = std::make_unique<End>();
  end->on = [fatal, &slot](const std::string& call) {
    if (call == fatal) slot.reset();
  };
  return end;
}

TEST_P(StreamLifetimeTest, InConnected) {
  listen();
  std::unique_ptr<End> end = end_that_dies_in("connected", end);
  end->wire = wires_.connect(listener_->local_address(), *end);
  end->wire->write("dropped");
  turn_until(loop_, [&] { return end == nullptr && !acceptor_.ends.empty(); });
}

TEST_P(StreamLifetimeTest, InBytes) {
  acceptor_.prepare = [](End& end) { end.wire->write(std::string(500'000, 'x')); };
  listen();
  std::unique_ptr<End> end = end_that_dies_in("bytes", end);
  end->wire = wires_.connect(listener_->local_address(), *end);
  turn_until(loop_, [&] { return end == nullptr; });
}

TEST_P(StreamLifetimeTest, InEof) {
  acceptor_.prepare = [](End& end) { end.wire->shutdown(); };
  listen();
  std::unique_ptr<End> end = end_that_dies_in("eof", end);
  end->wire = wires_.connect(listener_->local_address(), *end);
  turn_until(loop_, [&] { return end == nullptr; });
}

TEST_P(StreamLifetimeTest, InDrainedOfARequestUnderWay) {
  listen();
  std::unique_ptr<End> end = end_that_dies_in("drained", end);
  end->wire = wires_.connect(listener_->local_address(), *end);
  end->wire->write(std::string(8'000'000, 'x'));
  turn_until(loop_, [&] { return end == nullptr; });
}

TEST_P(StreamLifetimeTest, InDrainedOfWhatLeftAtOnce) {
  listen();
  std::unique_ptr<End> end = end_that_dies_in("drained", end);
  end->wire = wires_.connect(listener_->local_address(), *end);
  end->wire->write(std::string(Wire::kOutputLow + 1, 'x'));
  turn_until(loop_, [&] { return end == nullptr; });
}

TEST_P(StreamLifetimeTest, InClosedOfAFailedConnect) {
  listen();
  const Address gone = listener_->local_address();
  listener_.reset();
  std::unique_ptr<End> end = end_that_dies_in("closed", end);
  end->wire = wires_.connect(gone, *end);
  turn_until(loop_, [&] { return end == nullptr; });
}

TEST_P(StreamLifetimeTest, InClosedToldLater) {
  std::unique_ptr<End> end = end_that_dies_in("closed", end);
  end->wire = wires_.connect(Address{Address::Kind::kTcp, "no literal", 1}, *end);
  turn_until(loop_, [&] { return end == nullptr; });
}

TEST_P(StreamLifetimeTest, WhileConnecting) {
  listen();
  connect(client_);
  client_.wire->write("x");
  client_.wire.reset();
  settle(loop_);
  EXPECT_TRUE(client_.calls.empty());
}

TEST_P(StreamLifetimeTest, WithAWriteUnderWay) {
  make_pair();
  server().wire->pause_reading();
  client_.wire->write(std::string(8'000'000, 'x'));
  client_.wire->shutdown();
  loop_.turn_again();
  loop_.run_one_turn();
  EXPECT_GT(client_.wire->buffered(), 0U);
  client_.calls.clear();
  client_.wire.reset();
  settle(loop_);
  EXPECT_TRUE(client_.calls.empty());
}

TEST_P(StreamLifetimeTest, WithAShutdownUnderWay) {
  make_pair();
  client_.wire->shutdown();
  loop_.at_end_of_turn(EndOfTurn::kFlush, [&] { client_.wire.reset(); });
  settle(loop_);
  EXPECT_EQ(client_.calls, std::vector<std::string>{"connected"});
}

TEST_P(StreamLifetimeTest, AnotherWireOfTheSameTurnWithCorkedOutput) {
  make_pair();
  auto second = std::make_unique<End>();
  connect(*second);
  turn_until(loop_, [&] { return second->has("connected"); });
  server().on = [&](const std::string&) {
    client_.wire->write("answer");
    second->wire->write("corked");
    second.reset();
  };
  client_.wire->write("go");
  server().wire->write("come");
  turn_until(loop_, [&] { return second == nullptr && client_.has("bytes"); });
}

TEST_P(StreamLifetimeTest, AnAcceptedWireThatNobodyAttachesTo) {
  acceptor_.prepare = [](End& end) { end.wire.reset(); };
  listen();
  connect(client_);
  turn_until(loop_, [&] { return client_.has("eof") || client_.has("closed"); });
}

TEST_P(StreamLifetimeTest, TheListenerInsideOnAccept) {
  acceptor_.prepare = [this](End&) { listener_.reset(); };
  listen();
  End second;
  connect(client_);
  connect(second);
  turn_until(loop_, [&] { return !acceptor_.ends.empty(); });
  settle(loop_);
  EXPECT_EQ(acceptor_.ends.size(), 1U);
}

}  // namespace
}  // namespace convoke
