// `convoke resume NAME`: lifts what `convoke kill` has stopped; with --trigger, lets a trigger that
// was paused fire again.
#include <fmt/format.h>

#include <chrono>

#include "tools/command.h"
#include "tools/json.h"
#include "tools/switch_target.h"
#include "tools/time_span.h"

namespace convoke::cli {
namespace {

constexpr const char* kFooter =
    R"(What waited in the queue runs, in the order in which it was accepted, under the limit that the
function has. With --ramp there is one instance at first and one more at a time, up to that limit
(without one: as many as the account may have) when the time is over.

It lifts exactly what it names: a function whose service was stopped stays so until
`convoke resume --service`. Where nothing was stopped, nothing is changed. A limit of 0 is lifted by
`convoke set NAME limit=none`.

With --trigger it resumes that trigger alone, which the engine pauses when its events come round in
a loop; `convoke show NAME` says why. What came while it was paused is gone.

Examples:
  convoke resume hello
  convoke resume shop/checkout --ramp 10m
  convoke resume thumbnails --trigger uploads
  convoke resume --all)";

class ResumeCommand final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "resume"; }
  [[nodiscard]] std::string summary() const override {
    return "let a function, a service or everything run again";
  }

  void define(CLI::App& app) override {
    target_.define(app);
    app.add_option("--ramp", ramp_, "let it out gradually, in so long: 90s, 10m, 2h");
    app.add_option("--trigger", trigger_, "a trigger of NAME that is paused");
    app.footer(kFooter);
  }

  Outcome<ExitCode> run(Session& session) override {
    if (Outcome<Done> right = target_.check(); !right) return right.failure();
    if (!trigger_.empty()) return resume_trigger(session);
    Outcome<std::string> body = body_text();
    if (!body) return body.failure();
    Outcome<ApiReply> reply = session.api.send_ok({"POST", target_.path("enable"), *body});
    if (!reply) return reply.failure();
    JsonReader answer;
    if (!answer.parse(reply->body)) {
      return Failure{ExitCode::kUnreachable, "the engine's answer is no JSON", {}, {}};
    }
    session.json() ? fmt::print("{}\n", reply->body) : print(answer);
    return ExitCode::kOk;
  }

 private:
  Outcome<ExitCode> resume_trigger(Session& session) const {
    const std::string function = target_.function_path();
    if (function.empty() || !ramp_.empty())
      return usage_failure("--trigger goes with NAME, and with no --ramp");
    Outcome<ApiReply> reply = session.api.send_ok(
        {"PUT", function + "/triggers/" + percent_encoded(trigger_), R"({"paused": false})"});
    if (!reply) return reply.failure();
    session.json() ? fmt::print("{}\n", reply->body)
                   : fmt::print("resumed trigger {} of {}\n", trigger_, target_.text());
    return ExitCode::kOk;
  }

  [[nodiscard]] Outcome<std::string> body_text() const {
    JsonWriter json;
    json.begin_object();
    json.member("by", std::string_view(who_asks()));
    if (!ramp_.empty()) {
      Outcome<std::chrono::milliseconds> ramp = parse_time_span(ramp_);
      if (!ramp) return ramp.failure();
      json.member("rampSeconds",
                  std::int64_t{std::chrono::ceil<std::chrono::seconds>(*ramp).count()});
    }
    json.end_object();
    return json.text();
  }

  void print(const JsonReader& answer) const {
    const std::int64_t waiting = number_of(answer.root(), "callsWaiting").value_or(0);
    const std::string still = answer.text("stillStoppedBy");
    if (!still.empty()) {
      fmt::print("{}: its own switch is lifted, but {}\n", target_.text(), still);
      return;
    }
    fmt::print("resumed {}: {} asynchronous {} not ended, {}\n", target_.text(), waiting,
               waiting == 1 ? "call has" : "calls have",
               ramp_.empty() ? "free to run" : "let out gradually in " + ramp_);
  }

  SwitchTarget target_;
  std::string ramp_;
  std::string trigger_;
};

}  // namespace

CommandPtr make_resume_command() { return std::make_unique<ResumeCommand>(); }

}  // namespace convoke::cli
