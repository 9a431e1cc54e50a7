// A server on a fake network, whose handler writes down what it is told and answers as it is told.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/http/server.h"
#include "tests/http/fake_wires.h"

namespace convoke::http {

struct Site : Handler {
  explicit Site(const ServerLimits& its_limits = {}) : limits(its_limits) {
    server = std::make_unique<Server>(network, time.wheel, time, limits, *this);
    ENSURE(server->listen({Address::Kind::kTcp, "127.0.0.1", 80}).ok());
  }

  Result<std::size_t> on_head(const RequestHead& head) override {
    heads.push_back(head.method + " " + head.target);
    if (head_error) return *head_error;
    return body_max;
  }
  void on_request(ExchangeId exchange, Request request) override {
    exchanges.push_back(exchange);
    requests.push_back(std::move(request));
    if (answer_at_once) respond(echo(requests.back()));
  }
  void on_gone(ExchangeId exchange) override { gone.push_back(exchange); }
  void on_stream_ready(ExchangeId exchange) override {
    ready.push_back(exchange);
    if (when_ready) when_ready();
  }
  std::string new_request_id() override { return "id-of-ours"; }

  static Response echo(const Request& request) {
    Response response;
    response.headers.add("Content-Type", "text/plain");
    response.body = request.head.target + ":" + request.body;
    return response;
  }
  // Answers the latest request; the turn ends.
  void respond(Response response) {
    server->respond(exchanges.back(), std::move(response));
    if (!answer_at_once) network.flush();
  }
  void respond(std::string body) {
    Response response;
    response.body = std::move(body);
    respond(std::move(response));
  }
  // In steps, so that output leaves between turns as it does in a loop.
  void pass(Duration duration) {
    const Duration step = std::max<Duration>(Millis{5}, duration / 50);
    for (; duration > Duration{}; duration -= step) {
      time.pass(std::min(step, duration));
      network.flush();
    }
  }
  // Nothing is left behind by any client.
  [[nodiscard]] bool silent() {
    pass(Seconds{3});
    return server->connections() == 0 && server->exchanges_open() == 0;
  }

  const ServerLimits limits;
  fake::Time time;
  fake::Network network;
  std::size_t body_max = 1024;
  std::optional<Error> head_error;
  bool answer_at_once = true;
  std::function<void()> when_ready;
  std::vector<std::string> heads;
  std::vector<ExchangeId> exchanges;
  std::vector<Request> requests;
  std::vector<ExchangeId> gone;
  std::vector<ExchangeId> ready;
  std::unique_ptr<Server> server;
};

inline std::string status_of(const std::string& response) {
  return response.size() < 12 ? "none" : response.substr(9, 3);
}
inline std::size_t count(const std::string& text, const std::string& what) {
  std::size_t found = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) {
    ++found;
  }
  return found;
}

inline constexpr const char* kGet = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";

}  // namespace convoke::http
