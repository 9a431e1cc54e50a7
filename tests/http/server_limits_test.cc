// What a hostile, slow or greedy client may not do.
#include <gtest/gtest.h>

#include "tests/http/site.h"

namespace convoke::http {
namespace {

std::string refusal(Site& site, const std::string& bytes) {
  const auto peer = site.network.dial();
  peer->send(bytes);
  return peer->received();
}

std::string head_with(const std::string& line, std::size_t header_bytes) {
  const std::string host = "Host: h\r\n";  // then one header of the size that is left, and the end
  std::string filler = "X: ";
  filler.append(header_bytes - host.size() - 2 - 2 - filler.size(), 'a');
  return line + "\r\n" + host + filler + "\r\n\r\n";
}

TEST(HttpLimits, HeadersUpToTheLimitAndNoByteMore) {
  Site site;
  const std::size_t limit = ServerLimits{}.head_bytes_max;
  EXPECT_EQ(status_of(refusal(site, head_with("GET / HTTP/1.1", limit))), "200");
  const std::string said = refusal(site, head_with("GET / HTTP/1.1", limit + 1));
  EXPECT_EQ(status_of(said), "400");
  EXPECT_NE(said.find("\"InvalidArgument\""), std::string::npos);
  EXPECT_NE(said.find("8192"), std::string::npos);
}

TEST(HttpLimits, TargetsUpToTheLimitAndNoByteMore) {
  Site site;
  const auto get = [](std::size_t bytes) {
    return "GET /" + std::string(bytes - 1, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n";
  };
  EXPECT_EQ(status_of(refusal(site, get(4096))), "200");
  const std::string said = refusal(site, get(4097));
  EXPECT_EQ(status_of(said), "400");
  EXPECT_NE(said.find("4096"), std::string::npos);
}

TEST(HttpLimits, HeaderLinesUpToTheLimitAndNoneMore) {
  Site site;
  const auto get = [](int lines) {
    std::string head = "GET / HTTP/1.1\r\nHost: h\r\n";
    for (int i = 1; i < lines; ++i) head += "X: y\r\n";
    return head + "\r\n";
  };
  EXPECT_EQ(status_of(refusal(site, get(100))), "200");
  EXPECT_EQ(status_of(refusal(site, get(101))), "400");
}

TEST(HttpLimits, AnEndlessHeadIsCutOffAtTheLimit) {
  Site site;
  const auto peer = site.network.dial();
  peer->send("GET / HTTP/1.1\r\nHost: h\r\nX: ");
  for (int i = 0; i < 100 && peer->received().empty(); ++i) peer->send(std::string(100, 'a'));
  EXPECT_EQ(status_of(peer->received()), "400");
}

TEST(HttpLimits, BodiesUpToTheHandlersLimitAndNoByteMore) {
  Site site;
  site.body_max = 10;
  for (const std::string framed :
       {"Content-Length: 10\r\n\r\n0123456789",
        "Transfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n"}) {
    EXPECT_EQ(status_of(refusal(site, "POST / HTTP/1.1\r\nHost: h\r\n" + framed)), "200");
  }
  for (const std::string framed :
       {"Content-Length: 11\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\nb\r\n",
        "Transfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n6\r\n"}) {
    const std::string said = refusal(site, "POST / HTTP/1.1\r\nHost: h\r\n" + framed);
    EXPECT_EQ(status_of(said), "400") << framed;
    EXPECT_NE(said.find("\"EntityTooLarge\""), std::string::npos);
    EXPECT_NE(said.find("payload size exceeds maximum allowed size (10 bytes)"), std::string::npos);
  }
  EXPECT_EQ(site.requests.size(), 2U);
}

TEST(HttpLimits, AnOversizeBodyIsThrownAwaySoThatTheAnswerCanBeRead) {
  Site site;
  const auto peer = site.network.dial();
  peer->send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n");
  for (int i = 0; i < 10; ++i) peer->send(std::string(100'000, 'x'));
  EXPECT_FALSE(peer->gone());
  EXPECT_EQ(status_of(peer->received()), "400");
  peer->end();
  EXPECT_TRUE(peer->gone());
}

TEST(HttpLimits, WhoNeverStopsSendingAfterARefusalIsCut) {
  Site site;
  const auto by_size = site.network.dial();
  by_size->send("junk\r\n\r\n");
  for (int i = 0; i < 100 && !by_size->gone(); ++i) by_size->send(std::string(1UL << 20, 'x'));
  EXPECT_TRUE(by_size->gone());

  const auto by_time = site.network.dial();
  by_time->send("junk\r\n\r\n");
  for (int i = 0; i < 300 && !by_time->gone(); ++i) {
    site.pass(Millis{10});
    by_time->send("x");
  }
  EXPECT_TRUE(by_time->gone());
  EXPECT_TRUE(site.silent());
}

TEST(HttpLimits, BodiesInFlightAreBoundedForTheShardAndGivenBackWhenAnswered) {
  ServerLimits limits;
  limits.body_bytes_in_flight_max = 100;
  Site site(limits);
  site.answer_at_once = false;
  const auto holds = site.network.dial();
  holds->send("POST /held HTTP/1.1\r\nHost: h\r\nContent-Length: 60\r\n\r\n" +
              std::string(60, 'x'));
  const auto held = site.exchanges.back();

  const std::string declared =
      refusal(site, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 41\r\n\r\n");
  EXPECT_EQ(status_of(declared), "503");
  EXPECT_EQ(count(declared, "Retry-After: "), 1U);
  EXPECT_EQ(status_of(refusal(site,
                              "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
                              "chunked\r\n\r\n29\r\n" +
                                  std::string(41, 'x'))),
            "503");
  site.server->respond(held, Response{});
  site.network.flush();
  const auto next = site.network.dial();
  next->send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n" + std::string(100, 'x'));
  EXPECT_EQ(site.requests.size(), 2U);
  next->reset();  // a client that goes gives its bytes back as well
  site.answer_at_once = true;
  EXPECT_EQ(status_of(refusal(site, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n" +
                                        std::string(100, 'x'))),
            "200");
}

TEST(HttpLimits, ConnectionsBeyondTheLimitAreClosedAtOnce) {
  ServerLimits limits;
  limits.connections_max = 2;
  Site site(limits);
  const auto first = site.network.dial();
  const auto second = site.network.dial();
  EXPECT_TRUE(site.network.dial()->gone());
  EXPECT_EQ(site.server->connections(), 2U);
  first->reset();
  EXPECT_FALSE(site.network.dial()->gone());
}

// ---- time ----

TEST(HttpLimits, ASlowHeadIsCutByItsFirstByteNotItsLatest) {
  Site site;
  const auto peer = site.network.dial();
  site.pass(Seconds{60});  // idle is not slow
  ASSERT_FALSE(peer->gone());
  const std::string head = kGet;
  for (std::size_t i = 0; i < 10; ++i) {
    peer->send(head.substr(i, 1));
    ASSERT_FALSE(peer->gone()) << "after " << i << " s";
    site.pass(Seconds{1});
  }
  site.pass(Millis{20});
  EXPECT_TRUE(peer->gone());
  EXPECT_EQ(peer->received(), "");
}

TEST(HttpLimits, ThePipelinedHeadsTimeBeginsWhenItsTurnComes) {
  Site site;
  site.answer_at_once = false;
  const auto peer = site.network.dial();
  peer->send(std::string(kGet) + "GET /next HT");
  site.pass(Seconds{100});  // the first takes its time
  site.respond("done");
  site.pass(Seconds{9});
  ASSERT_FALSE(peer->gone());
  peer->send("TP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(site.requests.size(), 2U);
}

TEST(HttpLimits, ABodyMayTakeLongButNotStandStill) {
  Site site;
  const auto peer = site.network.dial();
  peer->send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 20\r\n\r\n");
  for (int i = 0; i < 10; ++i) {
    site.pass(Seconds{29});
    peer->send("x");
    ASSERT_FALSE(peer->gone());
  }
  site.pass(Seconds{31});
  EXPECT_TRUE(peer->gone());
  EXPECT_TRUE(site.requests.empty());
}

TEST(HttpLimits, AnIdleConnectionIsClosedAfterItsTimeSinceTheLastAnswer) {
  Site site;
  const auto peer = site.network.dial();
  for (int i = 0; i < 5; ++i) {
    site.pass(Seconds{70});
    peer->send(kGet);
    ASSERT_FALSE(peer->gone());
  }
  site.pass(Seconds{74});
  EXPECT_FALSE(peer->gone());
  site.pass(Seconds{2});
  EXPECT_TRUE(peer->gone());
}

TEST(HttpLimits, EmptyLinesDoNotKeepAnIdleConnection) {
  Site site;
  const auto peer = site.network.dial();
  for (int i = 0; i < 76; ++i) {
    peer->send("\r\n");
    site.pass(Seconds{1});
  }
  EXPECT_TRUE(peer->gone());
}

TEST(HttpLimits, ARequestMayBeHandledForADay) {
  Site site;
  site.answer_at_once = false;
  const auto peer = site.network.dial();
  peer->send(kGet);
  site.pass(Seconds{86'400});
  ASSERT_FALSE(peer->gone());
  site.respond("at last");
  EXPECT_NE(peer->received().find("at last"), std::string::npos);
}

TEST(HttpLimits, AClientThatTakesNoByteOfItsAnswerIsCut) {
  Site site;
  site.answer_at_once = false;
  const auto peer = site.network.dial(0);
  peer->send(kGet);
  site.respond(std::string(1000, 'x'));
  site.pass(Seconds{59});
  EXPECT_FALSE(peer->gone());
  site.pass(Seconds{17});
  EXPECT_TRUE(peer->gone());
}

TEST(HttpLimits, AClientThatTakesALittleNowAndThenIsNotCut) {
  Site site;
  site.answer_at_once = false;
  const auto peer = site.network.dial(0);
  peer->send(kGet);
  site.respond(std::string(1000, 'x'));
  for (int i = 0; i < 10; ++i) {
    site.pass(Seconds{40});
    peer->take(10);
    ASSERT_FALSE(peer->gone());
  }
}

TEST(HttpLimits, RequestsAreNotReadFromAClientThatTakesNoAnswers) {
  Site site;
  const auto peer = site.network.dial(0);
  const std::string big =
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n" + std::string(1000, 'x');
  for (int i = 0; i < 1000; ++i) peer->send(big);
  EXPECT_LT(site.requests.size(), 300U);
  EXPECT_GT(peer->unread(), 500'000U);
  peer->take(fake::Peer::kAll);
  site.pass(Seconds{1});
  EXPECT_EQ(site.requests.size(), 1000U);
  EXPECT_EQ(count(peer->received(), "HTTP/1.1 200 OK"), 1000U);
}

}  // namespace
}  // namespace convoke::http
