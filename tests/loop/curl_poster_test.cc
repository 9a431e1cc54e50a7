#include "core/loop/curl_poster.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>
#include <string>
#include <thread>

#include "core/guard/egress.h"
#include "tests/loop/fixture.h"
#include "tests/loop/scripted_server.h"

namespace convoke {
namespace {

using Kind = PostAnswer::Kind;

CurlPosterOptions allowing(const char* list) {
  CurlPosterOptions options;
  options.transfer.may_connect = [egress = *Egress::parse(list)](const IpAddress& address) {
    return egress.may_connect(address);
  };
  return options;
}

// A loop, and a poster on it that may connect to this machine unless it is told otherwise.
struct Desk {
  explicit Desk(CurlPosterOptions options = allowing("127.0.0.1"))
      : curl(std::move(options)), poster(curl.open(loop)) {}

  PostAnswer post(PostRequest request) {
    std::optional<PostAnswer> answer;
    poster->post(std::move(request), [&](PostAnswer got) { answer = std::move(got); });
    EXPECT_FALSE(answer) << "from inside post()";
    turn_until(loop, [&] { return answer.has_value(); });
    return answer.value_or(PostAnswer{});
  }
  PostAnswer post(const std::string& url) { return post(PostRequest{url, {}, "{}"}); }

  Loop loop;
  CurlPoster curl;
  std::unique_ptr<Poster> poster;
};

ScriptedServer::Script always(int status, const std::string& headers = "",
                              const std::string& body = "") {
  return [answer = ScriptedServer::answer(status, headers, body)](const std::string&) {
    return answer;
  };
}
const ScriptedServer::Script kNever = [](const std::string&) { return std::string(); };

TEST(CurlPoster, SendsTheBodyWithItsHeadersAndBringsBackTheAnswer) {
  const ScriptedServer server(always(202, "Retry-After: 7\r\n", "thanks"));
  Desk desk;
  std::string body(300'000, 'x');
  body += std::string("\0\xff", 2);
  const PostAnswer answer = desk.post(
      {server.url(), {{"Content-Type", "application/json"}, {"X-Convoke-Delivery", "id"}}, body});
  EXPECT_EQ(answer.kind, Kind::kAnswered);
  EXPECT_EQ(answer.status, 202);
  EXPECT_EQ(answer.body, "thanks");
  EXPECT_EQ(answer.retry_after, Seconds{7});

  const std::string request = server.requests().at(0);
  EXPECT_EQ(request.find("POST /hook HTTP/1.1\r\n"), 0U);
  EXPECT_NE(request.find("\r\nContent-Type: application/json\r\n"), std::string::npos);
  EXPECT_NE(request.find("\r\nX-Convoke-Delivery: id\r\n"), std::string::npos);
  EXPECT_EQ(request.find("Expect:"), std::string::npos);
  EXPECT_EQ(request.substr(request.find("\r\n\r\n") + 4), body);
}

TEST(CurlPoster, AnErrorOfTheServersIsAnAnswer) {
  const ScriptedServer server(always(503));
  Desk desk;
  const PostAnswer answer = desk.post(server.url());
  EXPECT_EQ(answer.kind, Kind::kAnswered);
  EXPECT_EQ(answer.status, 503);
  EXPECT_FALSE(answer.retry_after);
}

TEST(CurlPoster, UsesAConnectionAgain) {
  const ScriptedServer server(always(200));
  Desk desk;
  for (int i = 0; i < 5; ++i) EXPECT_EQ(desk.post(server.url()).status, 200);
  EXPECT_EQ(server.connections(), 1);
}

TEST(CurlPoster, ANameThatResolvesToThisMachineIsRefusedAfterItsResolution) {
  const ScriptedServer server(always(200));
  Desk desk(allowing(""));
  for (const char* host : {"localhost", "127.0.0.1", "[::1]", "127.1", "2130706433", "0x7f.1",
                           "0177.0.0.1", "0", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]"}) {
    const PostAnswer answer = desk.post(server.url(host));
    EXPECT_EQ(answer.kind, Kind::kRefused) << host << ": " << answer.error;
    EXPECT_NE(answer.error.find("--destinations-allow"), std::string::npos) << answer.error;
  }
  EXPECT_EQ(server.connections(), 0);
}

TEST(CurlPoster, ANameThatResolvesToAnAddressOnTheListIsServed) {
  const ScriptedServer server(always(204));
  Desk desk;
  EXPECT_EQ(desk.post(server.url("localhost")).status, 204);
}

TEST(CurlPoster, ARedirectIsAnAnswerAndIsNotFollowed) {
  const ScriptedServer inner(always(200));
  const ScriptedServer server(always(307, "Location: " + inner.url() + "\r\n"));
  Desk desk;
  EXPECT_EQ(desk.post(server.url()).status, 307);
  EXPECT_EQ(inner.connections(), 0);
}

TEST(CurlPoster, ProxiesOfTheEnvironmentAreIgnored) {
  const ScriptedServer proxy(always(200));
  const ScriptedServer server(always(204));
  ::setenv("http_proxy", proxy.url().c_str(), 1);
  ::setenv("all_proxy", proxy.url().c_str(), 1);
  {
    Desk desk;
    EXPECT_EQ(desk.post(server.url()).status, 204);
  }
  ::unsetenv("http_proxy");
  ::unsetenv("all_proxy");
  EXPECT_EQ(proxy.connections(), 0);
}

TEST(CurlPoster, WhatIsNoHttpUrlIsRefusedUnsent) {
  Desk desk;
  for (const std::string& url :
       {std::string("ftp://127.0.0.1/"), std::string("file:///etc/passwd"),
        std::string("gopher://127.0.0.1/"), std::string("127.0.0.1/"), std::string(""),
        std::string("http://"), std::string("http://a b/"), std::string("http://h:99999/"),
        std::string("http://127.0.0.1\0/", 18)}) {
    const PostAnswer answer = desk.post(url);
    EXPECT_EQ(answer.kind, Kind::kRefused) << url;
    EXPECT_NE(answer.error.find("no http or https URL"), std::string::npos) << url;
  }
}

TEST(CurlPoster, AServerThatDoesNotAnswerInTimeHasFailed) {
  const ScriptedServer server(kNever);
  CurlPosterOptions options = allowing("127.0.0.1");
  options.transfer.total_max = Millis{100};
  Desk desk(std::move(options));
  const PostAnswer answer = desk.post(server.url());
  EXPECT_EQ(answer.kind, Kind::kFailed);
  EXPECT_FALSE(answer.error.empty());
}

TEST(CurlPoster, APortNobodyListensOnHasFailed) {
  std::string url;
  {
    const ScriptedServer server(kNever);
    url = server.url();
  }
  Desk desk;
  const PostAnswer answer = desk.post(url);
  EXPECT_EQ(answer.kind, Kind::kFailed);
  EXPECT_FALSE(answer.error.empty());
}

// The look-up itself may hang here, and is then left behind.
TEST(CurlPoster, ANameThatNobodyKnowsHasFailed) {
  CurlPosterOptions options = allowing("127.0.0.1");
  options.transfer.connect_max = Millis{300};
  Desk desk(std::move(options));
  const PostAnswer answer = desk.post("http://nowhere.invalid/hook");
  EXPECT_EQ(answer.kind, Kind::kFailed);
  EXPECT_FALSE(answer.error.empty());
}

TEST(CurlPoster, BytesThatAreNoHttpHaveFailed) {
  const ScriptedServer server([](const std::string&) { return std::string("220 hello\r\n\r\n"); });
  Desk desk;
  EXPECT_EQ(desk.post(server.url()).kind, Kind::kFailed);
}

TEST(CurlPoster, OnlyTheBeginningOfAnAnswerIsRead) {
  const ScriptedServer server(always(200, "", std::string(1'000'000, 'y')));
  Desk desk;
  const PostAnswer answer = desk.post(server.url());
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, std::string(kPostAnswerBytesMax, 'y'));
}

TEST(CurlPoster, AnAnswerThatEndsWithinItsBodyIsOneAllTheSame) {
  std::optional<ScriptedServer> server([](const std::string&) {
    return std::string("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
  });
  Desk desk;
  std::optional<PostAnswer> answer;
  desk.poster->post({server->url(), {}, ""}, [&](PostAnswer got) { answer = std::move(got); });
  server->wait_for_requests(1);
  server.reset();
  turn_until(desk.loop, [&] { return answer.has_value(); });
  EXPECT_EQ(answer->kind, Kind::kAnswered);
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "half");
}

TEST(CurlPoster, HeadersWithoutAnEndHaveFailed) {
  std::string endless = "HTTP/1.1 200 OK\r\n";
  while (endless.size() < 2 * kPostHeadBytesMax)
    endless += "X-Padding: " + std::string(500, 'z') + "\r\n";
  const ScriptedServer server([&](const std::string&) { return endless; });
  Desk desk;
  const PostAnswer answer = desk.post(server.url());
  EXPECT_EQ(answer.kind, Kind::kFailed);
  EXPECT_NE(answer.error.find("headers are longer"), std::string::npos) << answer.error;
}

TEST(CurlPoster, AnInterimAnswerIsNotTheAnswer) {
  const ScriptedServer server([](const std::string&) {
    return "HTTP/1.1 103 Early Hints\r\n\r\n" + ScriptedServer::answer(201);
  });
  Desk desk;
  EXPECT_EQ(desk.post(server.url()).status, 201);
}

TEST(CurlPoster, MoreThanItHoldsIsAnsweredFullAndTheRestGoesOn) {
  std::optional<ScriptedServer> server(kNever);
  CurlPosterOptions options = allowing("127.0.0.1");
  options.limits = {2, 2, 3, 3, 1UL << 20};
  Desk desk(std::move(options));
  std::vector<Kind> kinds;
  for (int i = 0; i < 5; ++i) {
    desk.poster->post({server->url(), {}, ""},
                      [&](const PostAnswer& answer) { kinds.push_back(answer.kind); });
  }
  turn_until(desk.loop, [&] { return kinds.size() == 2; });
  EXPECT_EQ(kinds, (std::vector<Kind>{Kind::kFull, Kind::kFull}));
  server->wait_for_requests(2);
  EXPECT_EQ(server->requests().size(), 2U) << "no more at once";
  server.reset();
  turn_until(desk.loop, [&] { return kinds.size() == 5; });
  EXPECT_EQ(kinds.back(), Kind::kFailed);
}

TEST(CurlPoster, ADeadHostDoesNotHoldUpAnother) {
  const ScriptedServer dead(kNever);
  const ScriptedServer well(always(200));
  CurlPosterOptions options = allowing("127.0.0.1");
  options.limits.transfers_max = 4;
  options.limits.transfers_per_host_max = 3;
  Desk desk(std::move(options));
  for (int i = 0; i < 10; ++i) {
    desk.poster->post({dead.url(), {}, ""}, [](const PostAnswer&) { FAIL(); });
  }
  EXPECT_EQ(desk.post(well.url()).status, 200);
}

TEST(CurlPoster, DestroyingAPosterWithTransfersUnderWayIsSilentAndFreesTheirPlaces) {
  const ScriptedServer server(kNever);
  const ScriptedServer well(always(200));
  CurlPosterOptions options = allowing("127.0.0.1");
  options.limits = {2, 2, 3, 3, 1UL << 20};
  Desk desk(std::move(options));
  const auto watched = std::make_shared<int>(0);
  for (int i = 0; i < 3; ++i) {
    desk.poster->post({server.url(), {}, ""}, [watched](const PostAnswer&) { FAIL(); });
  }
  server.wait_for_requests(2);
  desk.poster = desk.curl.open(desk.loop);  // the old one goes
  EXPECT_EQ(watched.use_count(), 1) << "its completions are destroyed with it";
  for (int sent = 0; sent < 3;) {
    if (desk.post(well.url()).status == 200) ++sent;  // else full: its places are not free yet
  }
  settle(desk.loop);
}

TEST(CurlPoster, ACompletionMayDestroyThePoster) {
  const ScriptedServer server(always(200));
  Desk desk;
  for (int i = 0; i < 3; ++i) {
    desk.poster->post({server.url(), {}, ""}, [&](const PostAnswer&) { desk.poster.reset(); });
  }
  turn_until(desk.loop, [&] { return desk.poster == nullptr; });
  settle(desk.loop);
}

TEST(CurlPoster, DestroyingTheThreadWithTransfersUnderWayDoesNotWaitForThem) {
  const ScriptedServer server(kNever);
  Loop loop;
  {
    CurlPoster curl(allowing("127.0.0.1"));
    const auto poster = curl.open(loop);
    poster->post({server.url(), {}, ""}, [](const PostAnswer&) { FAIL(); });
    server.wait_for_requests(1);
  }
  settle(loop);
}

TEST(CurlPoster, ServesSeveralLoopsEachOnItsOwnThread) {
  const ScriptedServer server(always(200));
  CurlPoster curl(allowing("127.0.0.1"));
  const auto shard = [&] {
    Loop loop;
    const auto poster = curl.open(loop);
    const auto here = std::this_thread::get_id();
    int answers = 0;
    for (int i = 0; i < 50; ++i) {
      poster->post({server.url(), {}, "{}"}, [&](const PostAnswer& answer) {
        EXPECT_EQ(std::this_thread::get_id(), here);
        EXPECT_EQ(answer.status, 200);
        ++answers;
      });
    }
    turn_until(loop, [&] { return answers == 50; });
  };
  std::thread first(shard);
  std::thread second(shard);
  first.join();
  second.join();
  EXPECT_EQ(server.requests().size(), 100U);
}

TEST(HostOfUrl, IsSchemeHostAndPort) {
  EXPECT_EQ(*host_of_url("https://Example.com/a?b#c"), "https://Example.com:443");
  EXPECT_EQ(*host_of_url("http://user:secret@[::1]:8080/"), "http://[::1]:8080");
  EXPECT_EQ(*host_of_url("HTTP://example.com"), "http://example.com:80");
}

}  // namespace
}  // namespace convoke
