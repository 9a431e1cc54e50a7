// An invoker between a store and names that answer when they are told to, as the real ones answer
// in a later turn. Its dispatcher is a real one, which no asynchronous call meets.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/api/invoke.h"
#include "core/guard/token_reader.h"
#include "tests/dispatch/world.h"

namespace convoke {

class HeldQueue final : public Queue {
 public:
  void accept(NewCall call, Accepted accepted) override {
    calls.push_back(std::move(call));
    held_.push_back(std::move(accepted));
  }
  // To the oldest call that has no answer yet.
  void answer(const Result<void>& result = {}) {
    ASSERT_FALSE(held_.empty());
    const Accepted accepted = std::move(held_.front());
    held_.pop_front();
    accepted(result);
  }

  void claim(FunctionId, std::size_t) override {}
  void settle(const Receipt&, Ending, Settled) override {}
  void postpone(const Receipt&, WallTime, Spends, AttemptReport, Settled) override {}
  void give_back(const Receipt&) override {}
  void note_started(const Receipt&, WallTime, const std::string&) override {}
  void stop(FunctionId, const CallId&, Stopped) override {}
  void submit() override {}
  [[nodiscard]] std::optional<WallTime> oldest_ready(FunctionId) const override { return {}; }
  [[nodiscard]] std::optional<CallPosition> find(const CallId&) const override { return {}; }
  [[nodiscard]] QueueCounts counts(FunctionId) const override { return {}; }
  [[nodiscard]] QueueCounts counts() const override { return {}; }
  [[nodiscard]] Result<void> health() const override { return {}; }

  std::vector<NewCall> calls;  // that it was given, whatever it answered

 private:
  std::deque<Accepted> held_;
};

class HeldNames final : public Names {
 public:
  void reserve(FunctionId, const std::string& name, Reserved reserved) override {
    held_.emplace_back(name, std::move(reserved));
  }
  void release(FunctionId, const std::string& name) override { in_use.erase(name); }
  [[nodiscard]] Result<void> keeps_up() const override { return keeps_up_now; }
  // To the oldest reservation that has no answer yet.
  void answer() {
    ASSERT_FALSE(held_.empty());
    const auto [name, reserved] = std::move(held_.front());
    held_.pop_front();
    if (in_use.insert(name).second) return reserved({});
    reserved(Error{ErrorCode::kCallAlreadyExists, "in use"});
  }

  std::set<std::string> in_use;
  Result<void> keeps_up_now;

 private:
  std::deque<std::pair<std::string, Reserved>> held_;
};

class InvokeWorld {
 public:
  InvokeWorld() {
    auto service = std::make_shared<Service>();
    service->name = "s";
    directory_.apply({1, ServicePut{service}});
    auto function = std::make_shared<Function>();
    function->id = FunctionId{7};
    function->spec.service = "s";
    function->spec.name = "f";
    function_ = function;
    directory_.apply({2, FunctionPut{function_}});
  }

  // One request of a client of its own.
  http::ExchangeId send(const std::vector<http::Header>& headers, const std::string& function = "f",
                        std::string body = "event") {
    http::Request request;
    request.head.headers.add("X-Fc-Invocation-Type", "Async");
    for (const http::Header& header : headers) request.head.headers.set(header.name, header.value);
    request.body = std::move(body);
    const http::ExchangeId exchange{++sent_, 0, 0};
    invoker_.invoke(exchange, id_of(exchange), {"s", "LATEST", function}, std::move(request));
    return exchange;
  }
  // The same through an HTTP trigger, asynchronous too.
  http::ExchangeId send_http(const std::vector<http::Header>& headers, std::string body) {
    Trigger trigger;
    trigger.service = "s";
    trigger.function = "f";
    trigger.function_id = function_->id;
    trigger.name = "web";
    trigger.config = HttpTrigger{true, {"POST"}};
    directory_.apply({3, TriggerPut{std::make_shared<const Trigger>(trigger)}});
    http::Request request{{"POST", "/2016-08-15/proxy/s/f/a?b", {}}, std::move(body)};
    request.head.headers.add("X-Fc-Invocation-Type", "Async");
    for (const http::Header& header : headers) request.head.headers.set(header.name, header.value);
    const http::ExchangeId exchange{++sent_, 0, 0};
    const Result<Route> to = route(request.head);
    invoker_.invoke_http(exchange, id_of(exchange), *to, std::move(request));
    return exchange;
  }
  [[nodiscard]] static CallId id_of(http::ExchangeId exchange) {
    return CallId::from_random(1, exchange.connection);
  }

  // "none" before the answer; "429 ResourceThrottled"; for a success its status alone.
  [[nodiscard]] std::string answer_to(http::ExchangeId exchange) const {
    const auto found = answers_.find(exchange.connection);
    if (found == answers_.end()) return "none";
    const http::Response& response = found->second;
    if (response.status < 300) return std::to_string(response.status);
    const std::string before = R"({"ErrorCode":")";
    EXPECT_TRUE(response.body.starts_with(before)) << response.body;
    const std::size_t end = response.body.find('"', before.size());
    return std::to_string(response.status) + ' ' +
           response.body.substr(before.size(), end - before.size());
  }
  [[nodiscard]] std::string header_of(http::ExchangeId exchange, std::string_view name) const {
    return std::string(answers_.at(exchange.connection).headers.get(name));
  }
  [[nodiscard]] const std::string& body_of(http::ExchangeId exchange) const {
    return answers_.at(exchange.connection).body;
  }

  // The call's end has been written down: it answered `body`.
  void settle(http::ExchangeId exchange, const std::string& body) {
    auto call = std::make_unique<Call>();
    call->id = id_of(exchange);
    call->function = function_->id;
    Outcome outcome;
    outcome.function = function_;
    outcome.instance_id = "an instance";
    outcome.reply.body = body;
    invoker_.on_settled(std::move(call), std::move(outcome));
  }
  void pass(Duration duration) {
    others_.clock.advance(duration);
    wheel_.advance(others_.clock.now());
  }
  void make_stateful() {
    auto config = std::make_shared<AsyncConfig>();
    config->qualifier = kLatest;
    config->function_id = function_->id;
    config->stateful = true;
    directory_.apply({3, AsyncConfigPut{config}});
  }
  void stop_tree(const CallId& root) {
    StoppedTree tree;
    tree.root = root;
    directory_.apply({4, TreeStopped{std::make_shared<const StoppedTree>(tree)}});
  }
  [[nodiscard]] WallTime now() const { return others_.clock.wall(); }
  [[nodiscard]] Invoker& invoker() { return invoker_; }

  const LineageSeal seal{"token key"};
  TokenReader tokens{seal};
  RunningCalls running{Rng::seeded(1)};
  HeldQueue queue;
  HeldNames names;

 private:
  testing::World others_{1, 1};  // whose clock and dispatcher these are
  TimerWheel wheel_{others_.clock.now()};
  Directory directory_;
  FunctionPtr function_;
  std::map<std::uint32_t, http::Response> answers_;
  std::uint32_t sent_ = 0;
  Invoker invoker_{ShardIndex{0},
                   {others_.clock,
                    wheel_,
                    directory_,
                    others_.dispatcher(0),
                    queue,
                    names,
                    nullptr,
                    kAsyncEventBytesMax,
                    {&seal, &running},
                    &tokens,
                    nullptr},
                   [this](http::ExchangeId exchange, http::Response response) {
                     EXPECT_TRUE(answers_.emplace(exchange.connection, std::move(response)).second)
                         << "answered twice";
                   }};
};

}  // namespace convoke
