// `convoke clock [advance SPAN]`: reads and moves an engine's virtual time.
#include <fmt/format.h>

#include <chrono>
#include <cmath>

#include "tools/command.h"
#include "tools/json.h"
#include "tools/time_span.h"

namespace convoke::cli {
namespace {

constexpr std::string_view kPath = "/convoke/clock";

constexpr const char* kFooter =
    R"(For an engine that was started with `convoke serve --virtual-clock`: timeouts, delays, retries and
ages stand still there until time is moved.

An advance fires what falls due on the way, in order, and what that schedules in its turn. Instances
take real time: each call inside one has --patience to come out before time goes on without it, and
may pass its timeout then.

Examples:
  convoke clock                    what time it is there
  convoke clock advance 24h        a day passes
  convoke clock advance 90s --patience 5s)";

class ClockCommand final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "clock"; }
  [[nodiscard]] std::string summary() const override {
    return "read or move the time of an engine with --virtual-clock";
  }

  void define(CLI::App& app) override {
    app.footer(kFooter);
    CLI::App* advance = app.add_subcommand("advance", "move time on");
    advance->add_option("SPAN", span_, "90s, 5m, 24h, 7d")->required();
    advance->add_option("--patience", patience_, "real time for a call inside an instance")
        ->capture_default_str();
    advance_ = advance;
  }

  Outcome<ExitCode> run(Session& session) override {
    Outcome<ApiRequest> request = make_request();
    if (!request) return request.failure();
    Outcome<ApiReply> reply = session.api.send_ok(*request);
    if (!reply) return reply.failure();
    if (session.json()) {
      fmt::print("{}\n", reply->body);
      return ExitCode::kOk;
    }
    return show(*reply);
  }

 private:
  Outcome<ApiRequest> make_request() const {
    if (!advance_->parsed()) return ApiRequest{"GET", std::string(kPath)};
    Outcome<std::chrono::milliseconds> span = parse_time_span(span_);
    if (!span) return span.failure();
    Outcome<std::chrono::milliseconds> patience = parse_time_span(patience_);
    if (!patience) return patience.failure();
    ApiRequest request{"POST", std::string(kPath) + "/advance"};
    request.patience = Patience::kUnbounded;
    request.body = fmt::format("{{\"seconds\": {:.3f}, \"patienceSeconds\": {:.3f}}}",
                               seconds_of(*span), seconds_of(*patience));
    return request;
  }

  static double seconds_of(std::chrono::milliseconds span) {
    return static_cast<double>(span.count()) / 1000;
  }

  static Outcome<ExitCode> show(const ApiReply& reply) {
    JsonReader json;
    double advanced = 0;
    if (!json.parse(reply.body) ||
        json.root()["advancedSeconds"].get(advanced) != simdjson::SUCCESS) {
      return Failure{ExitCode::kUnreachable, "the engine's answer is no clock", {}, {}};
    }
    const std::chrono::milliseconds span{std::llround(advanced * 1000)};
    fmt::print("{}  ({} since the start of the engine's clock)\n", json.text("now"),
               time_span_text(span));
    bool complete = true;
    if (json.root()["complete"].get(complete) != simdjson::SUCCESS || complete) {
      return ExitCode::kOk;
    }
    return Failure{ExitCode::kUnreachable,
                   "time stopped short of what was asked: the engine did not come to rest (an "
                   "instance that starts for very long, a disk that stands still) or too much was "
                   "due; advance again",
                   {},
                   {}};
  }

  CLI::App* advance_ = nullptr;
  std::string span_;
  std::string patience_ = "1s";
};

}  // namespace

CommandPtr make_clock_command() { return std::make_unique<ClockCommand>(); }

}  // namespace convoke::cli
