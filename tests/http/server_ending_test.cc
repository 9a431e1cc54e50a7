// Clients that go, streams, and the end of the server itself.
#include <gtest/gtest.h>

#include "tests/http/site.h"

namespace convoke::http {
namespace {

const std::string kPost = "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello";

// ---- gone ----

TEST(HttpEnding, AResetWhileARequestIsHandledIsToldOnceAndItsAnswerDropped) {
  Site site;
  site.answer_at_once = false;
  const auto peer = site.network.dial();
  peer->send(kPost);
  peer->reset();
  ASSERT_EQ(site.gone.size(), 1U);
  EXPECT_EQ(site.gone[0], site.exchanges[0]);
  EXPECT_EQ(site.server->connections(), 0U);
  EXPECT_EQ(site.server->exchanges_open(), 0U);
  site.respond("too late");
  site.server->begin_stream(site.exchanges[0], {});
  EXPECT_TRUE(site.server->stream(site.exchanges[0], "x"));
  site.server->end_stream(site.exchanges[0]);
  EXPECT_EQ(peer->received(), "");
  EXPECT_EQ(site.gone.size(), 1U);
}

TEST(HttpEnding, AnAnswerToAGoneExchangeDoesNotReachTheNextClientOfItsSlot) {
  Site site;
  site.answer_at_once = false;
  const auto first = site.network.dial();
  first->send(kGet);
  const ExchangeId old = site.exchanges.back();
  first->reset();
  const auto second = site.network.dial();
  second->send(kGet);
  EXPECT_EQ(site.exchanges.back().connection, old.connection);
  site.server->respond(old, Response{});
  site.network.flush();
  EXPECT_EQ(second->received(), "");
}

TEST(HttpEnding, ASecondAnswerIsDropped) {
  Site site;
  site.answer_at_once = false;
  const auto peer = site.network.dial();
  peer->send(std::string(kGet) + kGet);
  const ExchangeId first = site.exchanges.back();
  site.respond("one");
  site.server->respond(first, Response{});
  site.network.flush();
  EXPECT_EQ(count(peer->received(), "HTTP/1.1"), 1U);
}

TEST(HttpEnding, AResetAtAnyByteLeavesNothing) {
  const std::string talk = kPost + kGet + kPost;
  for (const bool at_once : {true, false}) {
    for (std::size_t cut = 0; cut <= talk.size(); ++cut) {
      Site site;
      site.answer_at_once = at_once;
      const auto peer = site.network.dial();
      peer->send(talk.substr(0, cut));
      peer->reset();
      EXPECT_EQ(site.server->connections(), 0U);
      EXPECT_EQ(site.server->exchanges_open(), 0U);
      EXPECT_EQ(site.gone.size(), at_once || cut < kPost.size() ? 0U : 1U) << cut;
    }
  }
}

TEST(HttpEnding, AHalfClosedClientIsStillAnsweredAllThatItAsked) {
  Site site;
  site.answer_at_once = false;
  const auto peer = site.network.dial();
  peer->send(kPost + kGet);
  peer->end();
  EXPECT_TRUE(site.gone.empty());
  site.respond("one");
  EXPECT_FALSE(peer->saw_end());
  site.respond("two");
  EXPECT_EQ(count(peer->received(), "HTTP/1.1 200 OK"), 2U);
  EXPECT_EQ(count(peer->received(), "Connection: close"), 1U);
  EXPECT_TRUE(peer->saw_end());
  EXPECT_TRUE(site.silent());
}

TEST(HttpEnding, AnIdleClientThatEndsIsLetGoAtOnce) {
  Site site;
  const auto peer = site.network.dial();
  peer->send(kGet);
  peer->end();
  EXPECT_TRUE(peer->gone());
  EXPECT_EQ(site.server->connections(), 0U);
}

TEST(HttpEnding, ASlowReaderThatHasEndedGetsItsWholeAnswer) {
  Site site;
  site.answer_at_once = false;
  const auto peer = site.network.dial(0);
  peer->send(kGet);
  peer->end();
  site.respond(std::string(1000, 'x'));
  for (int i = 0; i < 100; ++i) {
    site.pass(Millis{100});
    peer->take(20);
  }
  EXPECT_NE(peer->received().find(std::string(1000, 'x')), std::string::npos);
  EXPECT_TRUE(site.silent());
}

TEST(HttpEnding, ADisconnectIsNoticedBehindPipelinedBytes) {
  Site site;
  site.answer_at_once = false;
  const auto peer = site.network.dial();
  peer->send(kPost);
  peer->send(kPost);
  peer->reset();
  EXPECT_EQ(site.gone.size(), 1U);
  EXPECT_EQ(site.requests.size(), 1U);
}

// ---- streams ----

struct StreamingSite : Site {
  StreamingSite() { answer_at_once = false; }
  bool stream(std::string_view bytes) {
    const bool more = server->stream(exchanges.back(), bytes);
    network.flush();
    return more;
  }
  void begin() {
    Response head;
    head.headers.add("X-S", "1");
    server->begin_stream(exchanges.back(), std::move(head));
    network.flush();
  }
  void end() {
    server->end_stream(exchanges.back());
    network.flush();
  }
};

TEST(HttpStream, IsChunkedAndTheConnectionLivesOn) {
  StreamingSite site;
  const auto peer = site.network.dial();
  peer->send(std::string(kGet) + kGet);
  site.begin();
  EXPECT_TRUE(site.stream("hello"));
  EXPECT_TRUE(site.stream(""));  // no chunk, which would end it
  EXPECT_TRUE(site.stream(std::string(16, 'x')));
  site.end();
  EXPECT_NE(peer->received().find("Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n10\r\n" +
                                  std::string(16, 'x') + "\r\n0\r\n\r\n"),
            std::string::npos);
  EXPECT_EQ(site.requests.size(), 2U);
  site.respond("next");
  EXPECT_NE(peer->received().find("next"), std::string::npos);
}

TEST(HttpStream, ToAnHttp10ClientEndsWithTheConnection) {
  StreamingSite site;
  const auto peer = site.network.dial();
  peer->send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  site.begin();
  site.stream("hello");
  site.end();
  EXPECT_EQ(peer->received().find("chunked"), std::string::npos);
  EXPECT_EQ(peer->received().substr(peer->received().find("\r\n\r\n") + 4), "hello");
  EXPECT_TRUE(peer->saw_end());
}

TEST(HttpStream, ToHeadHasNoBody) {
  StreamingSite site;
  const auto peer = site.network.dial();
  peer->send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
  site.begin();
  site.stream("hello");
  site.end();
  EXPECT_EQ(peer->received().substr(peer->received().find("\r\n\r\n")), "\r\n\r\n");
}

TEST(HttpStream, IsHeldBackWhileThePeerIsSlowAndToldWhenItMayGoOn) {
  StreamingSite site;
  const auto peer = site.network.dial(0);
  peer->send(kGet);
  site.begin();
  int pieces = 1;
  while (site.stream(std::string(50'000, 'x'))) ++pieces;
  EXPECT_LE(pieces, 7);
  peer->take(100'000);
  EXPECT_TRUE(site.ready.empty());
  site.when_ready = [&] {
    site.when_ready = {};
    site.server->stream(site.exchanges.back(), "the rest");
    site.server->end_stream(site.exchanges.back());
  };
  peer->take(fake::Peer::kAll);
  EXPECT_EQ(site.ready.size(), 1U);
  EXPECT_EQ(site.server->exchanges_open(), 0U);
  EXPECT_NE(peer->received().find("the rest\r\n0\r\n\r\n"), std::string::npos);
}

TEST(HttpStream, APeerThatStallsInIsToldAsGone) {
  StreamingSite site;
  const auto peer = site.network.dial(0);
  peer->send(kGet);
  site.begin();
  site.stream("x");
  site.pass(Seconds{80});
  EXPECT_TRUE(peer->gone());
  EXPECT_EQ(site.gone.size(), 1U);
}

TEST(HttpStream, MayBeSilentForLong) {
  StreamingSite site;
  const auto peer = site.network.dial();
  peer->send(kGet);
  site.begin();
  site.pass(Seconds{3600});
  EXPECT_FALSE(peer->gone());
}

// ---- drain ----

TEST(HttpDrain, ClosesTheIdleAnswersTheBusyAndTakesNoNewOnes) {
  Site site;
  site.answer_at_once = false;
  const auto idle = site.network.dial();
  const auto busy = site.network.dial();
  busy->send(std::string(kGet) + kGet);
  const auto half = site.network.dial();
  half->send("POST /p HTTP/1.1\r\nHost: h\r\nContent-Le");
  site.server->drain(Unaccepted::kLeave);
  site.network.flush();
  EXPECT_FALSE(site.network.listening());
  site.pass(site.limits.drain_first_max);
  EXPECT_TRUE(idle->saw_end());
  EXPECT_FALSE(idle->gone()) << "what crosses the close must not reset it";
  EXPECT_FALSE(busy->gone());
  site.respond("finished");
  EXPECT_NE(busy->received().find("Connection: close"), std::string::npos);
  EXPECT_NE(busy->received().find("finished"), std::string::npos);
  half->send("ngth: 0\r\n\r\n");
  site.respond("this too");
  EXPECT_NE(half->received().find("this too"), std::string::npos);
  EXPECT_TRUE(site.silent());
  EXPECT_EQ(site.requests.size(), 2U);
}

TEST(HttpDrain, ARequestThatIsUnderWayIsAnsweredAsTheConnectionsLast) {
  Site site;
  const auto fresh = site.network.dial();
  const auto kept = site.network.dial();
  kept->send(kGet);
  site.server->drain(Unaccepted::kLeave);
  site.pass(site.limits.drain_next_max / 2);
  for (const auto& peer : {fresh, kept}) {
    EXPECT_FALSE(peer->saw_end());
    peer->send(kGet);
    EXPECT_EQ(count(peer->received(), "Connection: close"), 1U);
    EXPECT_TRUE(peer->saw_end());
  }
  EXPECT_EQ(site.requests.size(), 3U);
  EXPECT_TRUE(site.silent());
}

TEST(HttpDrain, AFirstRequestIsWaitedForLongerThanALaterOne) {
  Site site;
  const auto fresh = site.network.dial();
  const auto kept = site.network.dial();
  kept->send(kGet);
  site.server->drain(Unaccepted::kLeave);
  site.pass(site.limits.drain_next_max + Millis{10});
  EXPECT_TRUE(kept->saw_end());
  EXPECT_FALSE(fresh->saw_end());
  fresh->send(kGet);
  EXPECT_EQ(status_of(fresh->received()), "200");
  EXPECT_TRUE(site.silent());
}

TEST(HttpDrain, WhatWaitsToBeAcceptedIsAnsweredOrLeftAsItIsTold) {
  for (const auto unaccepted : {Unaccepted::kAnswer, Unaccepted::kLeave}) {
    Site site;
    const auto waiting = site.network.knock();
    waiting->send(kGet);
    site.server->drain(unaccepted);
    site.network.flush();
    const bool answered = unaccepted == Unaccepted::kAnswer;
    EXPECT_EQ(count(waiting->received(), "Connection: close"), answered ? 1U : 0U);
    EXPECT_TRUE(site.silent());
  }
}

TEST(HttpDrain, FromInsideARequestThatIsAnsweredAtOnce) {
  struct Draining : Site {
    void on_request(ExchangeId exchange, Request request) override {
      server->respond(exchange, echo(request));
      server->drain(Unaccepted::kLeave);
    }
  };
  Draining site;
  const auto peer = site.network.dial();
  peer->send(kGet);
  EXPECT_EQ(status_of(peer->received()), "200");
  EXPECT_TRUE(site.silent());
}

TEST(HttpDrain, ADestroyedServerClosesEverythingAndTellsNothing) {
  Site site;
  site.answer_at_once = false;
  const auto idle = site.network.dial();
  const auto busy = site.network.dial();
  busy->send(kGet);
  site.server.reset();
  EXPECT_TRUE(idle->gone() && busy->gone());
  EXPECT_TRUE(site.gone.empty());
  site.time.pass(Seconds{100});
}

}  // namespace
}  // namespace convoke::http
