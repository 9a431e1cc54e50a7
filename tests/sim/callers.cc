#include "tests/sim/callers.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/guard/lineage_carriers.h"

namespace convoke::sim {
namespace {

constexpr Duration kFloodPauseMax = Millis{2};
constexpr Seconds kPatienceMax{20};               // of a caller that will hang up
constexpr std::uint32_t kCalledOnFrom = 500'000;  // in the numbers of requests
constexpr std::uint32_t kCalledOnMax = 1'000;     // calls that calls' code makes, of one run

// Its first eight digits are its number, for a reader of traces.
CallId numbered(std::uint32_t number, Rng& rng) {
  std::array<std::uint8_t, 16> bytes = CallId::from_random(rng.next(), rng.next()).bytes();
  for (std::size_t i = 0; i < 4; ++i) bytes[i] = static_cast<std::uint8_t>(number >> (24 - 8 * i));
  return CallId::from_bytes(bytes);
}

}  // namespace

Callers::Callers(Stage& stage, const Definitions& known, const Crowd& crowd, const Rng& rng)
    : stage_(stage),
      known_(known),
      rng_(rng.fork("callers")),
      planted_(rng.fork("planted answers")),
      called_on_rng_(rng.fork("calls on")),
      crowd_(crowd),
      left_(crowd.requests + crowd.backlog) {
  pause_max_ = Millis{1} * (1 << rng_.below(12));  // 1 ms .. 2 s
  async_percent_ = 20 + rng_.below(81);
  delay_max_ = Seconds{rng_.one_in(2) ? 5 : 300};
  event_bytes_max_ = rng_.one_in(3) ? 1000 : 200;  // a record of a record of it fits a segment
}

void Callers::begin() { send_next(); }

void Callers::send_next() {
  const Duration pause_max = sent_ < crowd_.backlog ? kFloodPauseMax : pause_max_;
  stage_.agenda.in(between(rng_, Duration{0}, pause_max), [this] {
    send();
    const bool again = engine_ == nullptr && sent_ < crowd_.backlog;  // the whole of it must come
    if (again || --left_ > 0) send_next();
  });
}

void Callers::send() {
  if (engine_ == nullptr || !sending_) return;  // connection refused
  const std::uint32_t number = ++sent_;
  Sent sent;
  sent.id = numbered(crowd_.first + number, rng_);
  const FunctionPtr function = floods() ? known_.first_function() : known_.any_function(rng_);
  sent.function = function->id;
  http::Request request = draw_request(sent, rng_);
  ask(number, sent, function, std::move(request), rng_);
}

void Callers::call_on(const CallId& by, const CarriedLineage& with) {
  if (engine_ == nullptr || !sending_ || called_on_ == kCalledOnMax) return;
  Rng& rng = called_on_rng_;
  const std::uint32_t number = kCalledOnFrom + ++called_on_;
  Sent sent;
  sent.id = numbered(crowd_.first + number, rng);
  const FunctionPtr function = known_.any_function(rng);
  sent.function = function->id;
  http::Request request = draw_request(sent, rng);
  const std::string token(view_of(with.token));
  if (rng.one_in(2)) {
    request.head.headers.add(std::string(kLineageHeader), token);
  } else {
    request.head.headers.add("tracestate", "other=1,convoke=" + token);
  }
  stage_.seen.tell(&Observer::on_called_on, by, sent);
  ask(number, sent, function, std::move(request), rng);
}

void Callers::ask(std::uint32_t number, const Sent& sent, const FunctionPtr& function,
                  http::Request request, Rng& rng) {
  const ShardIndex at{static_cast<std::uint16_t>(rng.below(engine_->shards()))};
  const http::ExchangeId exchange{number, 0, number};
  open_[number] = Open{sent.id, at};
  stage_.seen.tell(&Observer::on_sent, sent);
  if (stage_.chaos.strikes(Fault::kClientGoes)) {
    stage_.agenda.in(between(stage_.chaos.rng(Fault::kClientGoes), Duration{0}, kPatienceMax),
                     [this, exchange] { hang_up(exchange); });
  }
  engine_->request(at, exchange, sent.id, function->spec.name, std::move(request));
}

http::Request Callers::draw_request(Sent& sent, Rng& rng) {
  http::Request request;
  request.head.method = "POST";
  request.body.assign(rng.below(event_bytes_max_), static_cast<char>('a' + rng.below(26)));
  sent.asynchronous = floods() || rng.below(100) < async_percent_;
  if (!sent.asynchronous) return request;
  request.head.headers.add("X-Fc-Invocation-Type", "Async");
  if (rng.one_in(4)) {
    sent.delay = Seconds{1 + rng.below(static_cast<std::uint64_t>(delay_max_.count()))};
    request.head.headers.add("X-Fc-Async-Delay", std::to_string(sent.delay.count()));
  }
  if (rng.one_in(8)) {
    request.head.headers.add("X-Fc-Stateful-Async-Invocation-Id",
                             fmt::format("n{}", rng.below(50)));
  }
  if (rng.one_in(6)) {
    request.head.headers.add("Prefer", fmt::format("wait={}", 1 + rng.below(20)));
  }
  return request;
}

void Callers::hang_up(http::ExchangeId exchange) {
  const auto found = open_.find(exchange.request);
  if (found == open_.end() || found->second.answered) return;
  const Open gone = found->second;
  open_.erase(found);
  stage_.seen.tell(&Observer::on_closed, gone.id);
  engine_->client_gone(gone.at, exchange);
}

std::size_t Callers::unanswered() const {
  return static_cast<std::size_t>(std::count_if(
      open_.begin(), open_.end(), [](const auto& one) { return !one.second.answered; }));
}

void Callers::engine_died() {
  engine_ = nullptr;
  for (const auto& [number, open] : open_) {
    if (!open.answered) stage_.seen.tell(&Observer::on_closed, open.id);
  }
  open_.clear();
}

// An answer to one that has hung up is dropped, as the server drops it; a second one to the same
// request is told all the same, for an oracle to see.
void Callers::on_response(http::ExchangeId exchange, const http::Response& response) {
  const auto found = open_.find(exchange.request);
  if (found == open_.end()) return;
  if (stage_.planted(Planted::kNeverAnswers) && planted_.one_in(30)) return;
  stage_.seen.tell(&Observer::on_answer, found->second.id, response.status);
  if (stage_.planted(Planted::kAnswersTwice) && planted_.one_in(30)) {
    stage_.seen.tell(&Observer::on_answer, found->second.id, response.status);
  }
  found->second.answered = true;
}

}  // namespace convoke::sim
