#include "core/http/client.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/http/fake_wires.h"

namespace convoke::http {
namespace {

constexpr const char* kOk = "HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: 5\r\n\r\nhello";

struct Caller final : ClientHandler {
  explicit Caller(const ClientLimits& limits = {}) {
    client = std::make_unique<Client>(network, Address{Address::Kind::kTcp, "127.0.0.1", 9000},
                                      limits, *this);
  }
  void on_response(Response response) override {
    responses.push_back(std::move(response));
    if (then) std::exchange(then, {})();
  }
  void on_failure(ClientFailure failure, const std::string& detail) override {
    failures.push_back(failure);
    details.push_back(detail);
    if (then) std::exchange(then, {})();
  }

  void post(std::string_view body = "event") {
    RequestHead head;
    head.method = "POST";
    head.target = "/invoke";
    head.headers.add("X-Id", "7");
    client->send(head, body);
    network.flush();
  }
  fake::Peer& peer() { return *network.peers.back(); }
  // Over one connection: connects, sends, is answered with `bytes`.
  void exchange(std::string_view bytes) {
    const bool fresh = network.peers.empty() || peer().gone();
    post();
    if (fresh) peer().accept_connection();
    peer().send(bytes);
  }

  fake::Network network;
  std::vector<Response> responses;
  std::vector<ClientFailure> failures;
  std::vector<std::string> details;
  std::function<void()> then;
  std::unique_ptr<Client> client;
};

TEST(HttpClient, SendsAWholeRequestAndHandsUpTheAnswer) {
  Caller caller;
  caller.exchange(kOk);
  EXPECT_EQ(caller.peer().received(),
            "POST /invoke HTTP/1.1\r\nHost: 127.0.0.1:9000\r\nX-Id: 7\r\nContent-Length: 5\r\n\r\n"
            "event");
  ASSERT_EQ(caller.responses.size(), 1U);
  EXPECT_EQ(caller.responses[0].status, 200);
  EXPECT_EQ(caller.responses[0].headers.get("x-a"), "b");
  EXPECT_EQ(caller.responses[0].body, "hello");
  EXPECT_FALSE(caller.client->busy());
}

TEST(HttpClient, KeepsTheConnectionForTheNextRequest) {
  Caller caller;
  for (int i = 0; i < 3; ++i) caller.exchange(kOk);
  EXPECT_EQ(caller.responses.size(), 3U);
  EXPECT_EQ(caller.network.peers.size(), 1U);
}

TEST(HttpClient, ALargeBodyIsSentWhole) {
  Caller caller;
  const std::string body(300'000, 'x');
  caller.post(body);
  caller.peer().accept_connection();
  EXPECT_NE(caller.peer().received().find("Content-Length: 300000\r\n\r\nxxx"), std::string::npos);
  EXPECT_EQ(caller.peer().received().size() - caller.peer().received().find("\r\n\r\n") - 4,
            body.size());
}

TEST(HttpClient, NoHeaderValueCanEndItsLine) {
  Caller caller;
  RequestHead head;
  head.method = "POST";
  head.target = "/invoke";
  head.headers.add("X-Qualifier", "a\r\nX-Evil: 1");
  head.headers.add("X Evil\r\n", "2");
  caller.client->send(head, {});
  caller.peer().accept_connection();
  EXPECT_NE(caller.peer().received().find("X-Qualifier: a  X-Evil: 1\r\n"), std::string::npos);
  EXPECT_EQ(caller.peer().received().find("X Evil"), std::string::npos);
}

TEST(HttpClient, AnyFramingCutAtAnyByteGivesTheSameAnswer) {
  const std::vector<std::string> answers = {
      kOk,
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\nX-T: "
      "v\r\n\r\n",
      "HTTP/1.1 200 OK\r\n\r\nhello",
      "HTTP/1.0 200 OK\r\n\r\nhello",
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + std::string(kOk),
      "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello",
  };
  for (const std::string& answer : answers) {
    for (std::size_t cut = 0; cut <= answer.size(); ++cut) {
      Caller caller;
      caller.post();
      caller.peer().accept_connection();
      caller.peer().send(answer.substr(0, cut));
      caller.peer().send(answer.substr(cut));
      caller.peer().end();
      ASSERT_EQ(caller.responses.size(), 1U) << answer << " cut at " << cut;
      EXPECT_EQ(caller.responses[0].body, "hello");
      EXPECT_EQ(caller.responses[0].status, 200);
      EXPECT_TRUE(caller.failures.empty());
    }
  }
}

TEST(HttpClient, AnswersWithoutABodyEndWithTheirHead) {
  Caller caller;
  caller.exchange("HTTP/1.1 204 No Content\r\n\r\n");
  caller.exchange("HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n");
  caller.exchange("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  caller.exchange(kOk);
  EXPECT_EQ(caller.responses.size(), 4U);
  EXPECT_EQ(caller.network.peers.size(), 1U);
}

TEST(HttpClient, AnAnswerToHeadEndsWithItsHeadAndTheNextOneHasItsBody) {
  Caller caller;
  caller.client->send({"HEAD", "/", {}}, {});
  caller.network.flush();
  caller.peer().accept_connection();
  caller.peer().send("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n");
  ASSERT_EQ(caller.responses.size(), 1U);
  EXPECT_EQ(caller.responses[0].body, "");
  caller.exchange(kOk);
  ASSERT_EQ(caller.responses.size(), 2U);
  EXPECT_EQ(caller.responses[1].body, "hello");
  EXPECT_EQ(caller.network.peers.size(), 1U);
}

TEST(HttpClient, AHostThatIsTheFirstHeaderIsSentAsItIs) {
  Caller caller;
  RequestHead head{"GET", "/", {}};
  head.headers.add("host", "shop.example");
  caller.client->send(head, {});
  caller.network.flush();
  caller.peer().accept_connection();
  EXPECT_EQ(caller.peer().received(), "GET / HTTP/1.1\r\nhost: shop.example\r\n\r\n");
}

TEST(HttpClient, AnIdleConnectionThatEndsIsSilentAndTheNextSendConnectsAgain) {
  Caller caller;
  caller.exchange(kOk);
  caller.peer().end();
  EXPECT_TRUE(caller.peer().gone());
  caller.exchange(kOk);
  caller.peer().reset();
  caller.exchange(kOk);
  EXPECT_EQ(caller.network.peers.size(), 3U);
  EXPECT_EQ(caller.responses.size(), 3U);
  EXPECT_TRUE(caller.failures.empty());
}

TEST(HttpClient, AConnectionThatAskedToCloseIsNotUsedAgain) {
  Caller caller;
  caller.exchange("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
  EXPECT_TRUE(caller.peer().gone());
  caller.exchange(kOk);
  EXPECT_EQ(caller.network.peers.size(), 2U);
}

TEST(HttpClient, AConnectionWithUnaskedBytesIsNotUsedAgain) {
  Caller caller;
  caller.exchange(std::string(kOk) + "HTTP/1.1 200");
  EXPECT_EQ(caller.responses.size(), 1U);
  EXPECT_TRUE(caller.peer().gone());
  caller.exchange(kOk);
  caller.peer().send("more");
  EXPECT_TRUE(caller.peer().gone());
  EXPECT_TRUE(caller.failures.empty());
}

TEST(HttpClient, TellsNotSentFromBrokenFromStale) {
  Caller never;
  never.post();
  never.peer().reset("ECONNREFUSED");
  EXPECT_EQ(never.failures, std::vector{ClientFailure::kNotSent});
  EXPECT_EQ(never.details[0], "ECONNREFUSED");

  Caller unsent;
  unsent.exchange(kOk);
  unsent.peer().take_nothing_more();
  unsent.post();
  unsent.peer().end();
  EXPECT_EQ(unsent.failures, std::vector{ClientFailure::kNotSent});

  Caller a_byte_sent;
  a_byte_sent.exchange(kOk);
  a_byte_sent.peer().take_nothing_more();
  a_byte_sent.peer().take(1);
  a_byte_sent.post();
  a_byte_sent.peer().reset();
  EXPECT_EQ(a_byte_sent.failures, std::vector{ClientFailure::kStale});

  Caller fresh;
  fresh.post();
  fresh.peer().accept_connection();
  fresh.peer().end();
  EXPECT_EQ(fresh.failures, std::vector{ClientFailure::kBroken});

  Caller kept;
  kept.exchange(kOk);
  kept.post();
  kept.peer().end();
  EXPECT_EQ(kept.failures, std::vector{ClientFailure::kStale});

  Caller begun;
  begun.exchange(kOk);
  begun.post();
  begun.peer().send("H");
  begun.peer().reset();
  EXPECT_EQ(begun.failures, std::vector{ClientFailure::kBroken});
}

TEST(HttpClient, CutOffAnywhereInTheAnswerIsBroken) {
  const std::string answer = kOk;
  for (std::size_t cut = 0; cut < answer.size(); ++cut) {
    Caller caller;
    caller.exchange(answer.substr(0, cut));
    caller.peer().end();
    EXPECT_EQ(caller.failures, std::vector{ClientFailure::kBroken}) << cut;
    EXPECT_TRUE(caller.responses.empty());
    EXPECT_FALSE(caller.client->busy());
  }
}

TEST(HttpClient, WhatIsNoHttpOrBeyondALimitIsABadResponse) {
  const std::vector<std::string> answers = {
      "hello\r\n",
      "HTTP/2.0 200 OK\r\n\r\n",
      "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n",
      "HTTP/1.1 200 OK\nX: a\n\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
      "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
      "HTTP/1.1 200 OK\r\nX: " + std::string(8192, 'a') + "\r\n\r\n",
      "HTTP/1.1 200 " + std::string(2000, 'a'),
      "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n",
      "HTTP/1.1 200 OK\r\n\r\n" + std::string(11, 'a'),
  };
  ClientLimits limits;
  limits.body_bytes_max = 10;
  for (const std::string& answer : answers) {
    Caller caller(limits);
    caller.exchange(answer);
    EXPECT_EQ(caller.failures, std::vector{ClientFailure::kBadResponse}) << answer;
    EXPECT_FALSE(caller.details.empty() || caller.details[0].empty());
    EXPECT_TRUE(caller.peer().gone());
  }
}

TEST(HttpClient, ABodyOfExactlyTheLimitIsTaken) {
  ClientLimits limits;
  limits.body_bytes_max = 5;
  Caller caller(limits);
  caller.exchange(kOk);
  EXPECT_EQ(caller.responses.size(), 1U);
}

TEST(HttpClient, AnEarlyAnswerToARequestStillBeingSentEndsTheConnection) {
  Caller caller;
  caller.post();
  caller.peer().accept_connection();
  caller.peer().send(kOk);
  caller.peer().take(fake::Peer::kAll);
  caller.network.peers.back()->take_nothing_more();
  caller.post(std::string(1000, 'x'));
  caller.peer().send(kOk);
  EXPECT_EQ(caller.responses.size(), 2U);
  EXPECT_TRUE(caller.peer().gone());
}

TEST(HttpClient, ACallbackMaySendAgainOrDestroyTheClient) {
  Caller again;
  again.then = [&] { again.post("second"); };
  again.exchange(kOk);
  again.peer().send(kOk);
  EXPECT_EQ(again.responses.size(), 2U);

  Caller after_failure;
  after_failure.then = [&] { after_failure.post("second"); };
  after_failure.exchange("junk\r\n\r\n");
  after_failure.peer().accept_connection();
  after_failure.peer().send(kOk);
  EXPECT_EQ(after_failure.responses.size(), 1U);

  for (const char* answer : {kOk, "junk\r\n\r\n"}) {
    Caller ending;
    ending.then = [&] { ending.client.reset(); };
    ending.exchange(answer);
    EXPECT_TRUE(ending.peer().gone());
  }
}

TEST(HttpClient, DestroyedWhileBusyItHearsNothingMore) {
  Caller caller;
  caller.post();
  caller.peer().accept_connection();
  caller.client.reset();
  EXPECT_TRUE(caller.peer().gone());
  caller.peer().send(kOk);
  caller.peer().reset();
  EXPECT_TRUE(caller.responses.empty() && caller.failures.empty());
}

}  // namespace
}  // namespace convoke::http
