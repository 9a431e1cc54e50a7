// What a well-behaved client is promised.
#include "core/http/server.h"

#include <gtest/gtest.h>

#include "tests/http/site.h"

namespace convoke::http {
namespace {

std::string get(const std::string& target, const std::string& extra = "") {
  return "GET " + target + " HTTP/1.1\r\nHost: h\r\n" + extra + "\r\n";
}
std::string post(const std::string& body, const std::string& extra = "") {
  return "POST /p HTTP/1.1\r\nHost: h\r\n" + extra +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

TEST(HttpServer, AnswersInOneWriteWithLengthAndDate) {
  Site site;
  const auto peer = site.network.dial();
  peer->send(get("/a?b=c"));
  EXPECT_EQ(peer->received(),
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nDate: Tue, 14 Nov 2023 22:30:00 GMT\r\n"
            "Content-Length: 7\r\n\r\n/a?b=c:");
  EXPECT_EQ(peer->writes(), 1U);
  EXPECT_EQ(site.requests[0].head.path(), "/a");
  EXPECT_EQ(site.requests[0].head.query(), "b=c");
  EXPECT_EQ(site.server->connections(), 1U);
}

TEST(HttpServer, TheDateFollowsTheWallClock) {
  Site site;
  const auto peer = site.network.dial();
  peer->send(get("/"));
  site.pass(Seconds{61});
  peer->send(get("/"));
  EXPECT_EQ(count(peer->received(), "22:30:00 GMT"), 1U);
  EXPECT_EQ(count(peer->received(), "22:31:01 GMT"), 1U);
}

TEST(HttpServer, KeepsTheConnectionBetweenRequests) {
  Site site;
  const auto peer = site.network.dial();
  for (int i = 0; i < 100; ++i) peer->send(i % 2 == 0 ? get("/x") : post("body"));
  EXPECT_EQ(count(peer->received(), "HTTP/1.1 200 OK"), 100U);
  EXPECT_EQ(site.server->connections(), 1U);
  EXPECT_EQ(site.server->exchanges_open(), 0U);
}

TEST(HttpServer, PipelinedRequestsAreHandedUpOneAfterTheOtherAndAnsweredInOrder) {
  Site site;
  site.answer_at_once = false;
  const auto peer = site.network.dial();
  peer->send(get("/1") + post("two") + get("/3"));
  for (std::size_t i = 1; i <= 3; ++i) {
    ASSERT_EQ(site.requests.size(), i);
    EXPECT_EQ(site.server->exchanges_open(), 1U);
    site.respond(Site::echo(site.requests.back()));
  }
  const std::string& all = peer->received();
  EXPECT_LT(all.find("/1:"), all.find("/p:two"));
  EXPECT_LT(all.find("/p:two"), all.find("/3:"));
}

TEST(HttpServer, ThousandsOfPipelinedRequestsAreAnsweredWithoutRecursion) {
  Site site;
  const auto peer = site.network.dial();
  std::string all;
  for (int i = 0; i < 5000; ++i) all += get("/");
  peer->send(all);
  site.pass(Seconds{1});
  EXPECT_EQ(count(peer->received(), "HTTP/1.1 200 OK"), 5000U);
}

TEST(HttpServer, WhatIsPipelinedMeanwhileIsHeldWithinABound) {
  Site site;
  site.answer_at_once = false;
  const auto peer = site.network.dial();
  peer->send(get("/first"));
  for (int i = 0; i < 100; ++i) peer->send(post(std::string(1000, 'x')));
  EXPECT_GT(peer->unread(), 20'000U);  // the rest waits with the sender
  while (site.server->exchanges_open() > 0) site.respond(std::string());
  EXPECT_EQ(peer->unread(), 0U);
  EXPECT_EQ(site.requests.size(), 101U);
}

TEST(HttpServer, ALateAnswerNeedsNoFurtherBytesFromTheClient) {
  Site site;
  site.answer_at_once = false;
  const auto peer = site.network.dial();
  peer->send(get("/1") + get("/2"));
  site.respond("one");
  site.respond("two");
  EXPECT_EQ(count(peer->received(), "HTTP/1.1 200 OK"), 2U);
}

TEST(HttpServer, A100ContinueIsSentOnlyAfterTheHeadWasAccepted) {
  Site site;
  const auto accepted = site.network.dial();
  accepted->send(
      "POST /p HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(accepted->take_received(), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_TRUE(site.requests.empty());
  accepted->send("ok");
  EXPECT_EQ(status_of(accepted->received()), "200");

  site.head_error = Error{ErrorCode::kAccessDenied, "no"};
  const auto refused = site.network.dial();
  refused->send("POST /p HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(status_of(refused->received()), "403");
  EXPECT_EQ(count(refused->received(), "100 Continue"), 0U);
  EXPECT_EQ(count(refused->received(), "Connection: close"), 1U);
}

TEST(HttpServer, A100ContinueIsNotSentToWhoHasNoBodyOrSpeaks10) {
  Site site;
  const auto peer = site.network.dial();
  peer->send(get("/", "Expect: 100-continue\r\n"));
  peer->send("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx");
  EXPECT_EQ(count(peer->received(), "100 Continue"), 0U);
  EXPECT_EQ(count(peer->received(), "200 OK"), 2U);
}

TEST(HttpServer, AnErrorOfTheHeadIsAnsweredAndTheConnectionLivesOn) {
  Site site;
  site.head_error = Error{ErrorCode::kPathNotSupported, "not here", Seconds{7}};
  const auto peer = site.network.dial();
  peer->send(get("/nowhere"));
  EXPECT_EQ(status_of(peer->received()), "400");
  EXPECT_EQ(count(peer->received(), "X-Fc-Request-Id: id-of-ours\r\n"), 1U);
  EXPECT_EQ(count(peer->received(), "Retry-After: 7\r\n"), 1U);
  EXPECT_EQ(count(peer->take_received(), "\"ErrorCode\":\"PathNotSupported\""), 1U);
  peer->send(post("a small body is read past"));
  EXPECT_EQ(status_of(peer->take_received()), "400");
  site.head_error.reset();
  peer->send(get("/somewhere"));
  EXPECT_EQ(status_of(peer->received()), "200");
  EXPECT_EQ(site.requests.size(), 1U);
}

TEST(HttpServer, ARefusedLargeBodyIsNotReadBeforeTheAnswer) {
  Site site;
  site.head_error = Error{ErrorCode::kAccessDenied, "no"};
  const auto peer = site.network.dial();
  peer->send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n");
  EXPECT_EQ(status_of(peer->received()), "403");
  EXPECT_TRUE(peer->saw_end());
  EXPECT_FALSE(peer->gone());  // what is still on its way is thrown away
  peer->send(std::string(100'000, 'x'));
  peer->end();
  EXPECT_TRUE(peer->gone());
}

TEST(HttpServer, HeadHasTheLengthAndNoBody) {
  Site site;
  const auto peer = site.network.dial();
  peer->send("HEAD /abc HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(count(peer->received(), "Content-Length: 5\r\n"), 1U);
  EXPECT_EQ(peer->take_received().find("/abc:"), std::string::npos);
  peer->send(get("/abc"));
  EXPECT_NE(peer->received().find("/abc:"), std::string::npos);
}

TEST(HttpServer, NoContentHasNeitherBodyNorLength) {
  Site site;
  site.answer_at_once = false;
  const auto peer = site.network.dial();
  for (const int status : {204, 304}) {
    peer->send(get("/"));
    Response response;
    response.status = status;
    response.body = "never";
    site.respond(std::move(response));
    EXPECT_EQ(status_of(peer->received()), std::to_string(status));
    EXPECT_EQ(peer->received().find("Content-Length"), std::string::npos);
    EXPECT_EQ(peer->take_received().find("never"), std::string::npos);
  }
}

TEST(HttpServer, ConnectionCloseIsHonouredAndSaid) {
  Site site;
  const auto peer = site.network.dial();
  peer->send(get("/last", "Connection: close\r\n") + get("/never"));
  EXPECT_EQ(count(peer->received(), "Connection: close\r\n"), 1U);
  EXPECT_TRUE(peer->saw_end());
  EXPECT_EQ(site.requests.size(), 1U);
  EXPECT_TRUE(site.silent());
}

TEST(HttpServer, Http10ClosesUnlessAskedNotTo) {
  Site site;
  const auto plain = site.network.dial();
  plain->send("GET / HTTP/1.0\r\n\r\n");
  EXPECT_EQ(status_of(plain->received()), "200");
  EXPECT_TRUE(plain->saw_end());

  const auto kept = site.network.dial();
  kept->send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(count(kept->received(), "Connection: keep-alive\r\n"), 1U);
  EXPECT_FALSE(kept->saw_end());
}

TEST(HttpServer, LargeAnswersLeaveWhole) {
  Site site;
  site.answer_at_once = false;
  const auto peer = site.network.dial();
  peer->send(get("/"));
  site.respond(std::string(3'000'000, 'z'));
  EXPECT_EQ(count(peer->received(), "Content-Length: 3000000\r\n"), 1U);
  EXPECT_EQ(peer->received().size() - peer->received().find("\r\n\r\n") - 4, 3'000'000U);
}

TEST(HttpServer, NoHeaderValueCanEndItsLine) {
  Site site;
  site.answer_at_once = false;
  const auto peer = site.network.dial();
  peer->send(get("/"));
  Response response;
  response.headers.add("X-Error", "a\r\nSet-Cookie: evil=1\r\n\r\n<html>");
  response.headers.add("Bad Name", "x");
  site.respond(std::move(response));
  EXPECT_EQ(peer->received().find("\r\nSet-Cookie"), std::string::npos);
  EXPECT_EQ(peer->received().find("Bad Name"), std::string::npos);
}

TEST(HttpServer, AListenerThatCannotBeOpenedIsAnError) {
  fake::Time time;
  fake::Network network;
  network.refuse_to_listen = true;
  Site site;
  Server server(network, time.wheel, time, {}, site);
  EXPECT_FALSE(server.listen({Address::Kind::kTcp, "127.0.0.1", 1}).ok());
}

}  // namespace
}  // namespace convoke::http
