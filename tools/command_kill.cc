// `convoke kill NAME`: stops a function, a service or everything, now.
#include <fmt/format.h>

#include <chrono>

#include "tools/command.h"
#include "tools/json.h"
#include "tools/switch_list.h"
#include "tools/switch_target.h"
#include "tools/time_span.h"

namespace convoke::cli {
namespace {

constexpr const char* kFooter =
    R"(When it returns, no call of it starts any more on any engine, and what ran of it is dead: it was
sent SIGTERM, and SIGKILL 500 ms later. Callers are told so (429). Asynchronous calls that were cut
go back to the queue and lose no attempt; new ones are accepted, and wait until it is resumed or
they are too old.

Its limit stays as it is. (A limit of 0, `convoke set NAME limit=0`, stops a function too, and
takes the place of the limit it had; nothing takes 0 for unlimited.)

An engine that has died without a word holds the answer up until its lease is over (31 s);
meanwhile `convoke kill --list` says which engines have not confirmed, and all others have stopped.

Examples:
  convoke kill hello --note "mails sent twice, see #123"
  convoke kill shop/checkout --drain --for 30m   what runs goes on; it is lifted in half an hour
  convoke kill --service shop --refuse-async     asynchronous calls are refused, too
  convoke kill --all
  convoke kill --list                            what is stopped, by whom and why
  convoke resume hello                           lift it)";

class KillCommand final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "kill"; }
  [[nodiscard]] std::string summary() const override {
    return "stop a function, a service or everything, now; list what is stopped";
  }

  void define(CLI::App& app) override {
    target_.define(app);
    app.add_flag("--drain", drain_, "what runs goes on to its end; only nothing new starts");
    app.add_option("--note", note_, "why: whoever is refused or looks at it is told");
    app.add_option("--for", lasts_, "it lifts itself after so long: 90s, 30m, 2h, 1d");
    app.add_flag("--refuse-async", refuse_async_, "asynchronous calls are refused instead of kept");
    app.add_flag("--list", list_, "show what is stopped, and change nothing");
    app.footer(kFooter);
  }

  Outcome<ExitCode> run(Session& session) override {
    if (list_) return list_switches(session);
    if (Outcome<Done> right = target_.check(); !right) return right.failure();
    Outcome<std::string> body = body_text();
    if (!body) return body.failure();
    Outcome<ApiReply> reply = session.api.send_ok({"POST", target_.path("disable"), *body});
    if (!reply) return with_hint(reply.failure(), session);
    JsonReader answer;
    if (!answer.parse(reply->body)) {
      return Failure{ExitCode::kUnreachable, "the engine's answer is no JSON", {}, {}};
    }
    session.json() ? fmt::print("{}\n", reply->body) : print(session, answer.root());
    return ExitCode::kOk;
  }

 private:
  [[nodiscard]] Outcome<std::string> body_text() const {
    JsonWriter json;
    json.begin_object();
    json.key("abortOngoingRequest");
    json.boolean(!drain_);
    json.key("refuseAsync");
    json.boolean(refuse_async_);
    json.member("reason", std::string_view(note_));
    json.member("by", std::string_view(who_asks()));
    if (!lasts_.empty()) {
      Outcome<std::chrono::milliseconds> lasts = parse_time_span(lasts_);
      if (!lasts) return lasts.failure();
      json.member("expiresInSeconds",
                  std::int64_t{std::chrono::ceil<std::chrono::seconds>(*lasts).count()});
    }
    json.end_object();
    return json.text();
  }

  // An answer that did not come does not mean that nothing was stopped.
  static Failure with_hint(Failure failure, const Session& session) {
    if (failure.exit == ExitCode::kUnreachable) {
      failure.message += fmt::format(
          ". It may be stopped all the same: convoke kill --list{} says so, and who has not "
          "confirmed",
          session.endpoint_flag());
    }
    return failure;
  }

  void print(const Session& session, simdjson::dom::element answer) const {
    const std::int64_t ended = number_of(answer, "callsEnded").value_or(0);
    const std::int64_t waiting = number_of(answer, "callsWaiting").value_or(0);
    fmt::print("stopped {}: every engine has confirmed, nothing of it starts any more\n",
               target_.text());
    drain_
        ? fmt::print("  running   goes on to its end; nobody waits for it here\n")
        : fmt::print("  ended     {} running {} on this engine; what ran elsewhere is dead, too\n",
                     ended, ended == 1 ? "call" : "calls");
    fmt::print("  waiting   {} asynchronous {} not ended; {}\n", waiting,
               waiting == 1 ? "call has" : "calls have",
               refuse_async_ ? "new ones are refused" : "new ones are accepted, and wait too");
    if (!note_.empty()) fmt::print("  why       {}\n", note_);
    if (!lasts_.empty()) fmt::print("  until     it lifts itself after {}\n", lasts_);
    fmt::print("  to lift   convoke resume {}{} (--ramp 10m lets it out gradually)\n",
               target_.words(), session.endpoint_flag());
  }

  SwitchTarget target_;
  bool drain_ = false;
  bool refuse_async_ = false;
  bool list_ = false;
  std::string note_;
  std::string lasts_;
};

}  // namespace

CommandPtr make_kill_command() { return std::make_unique<KillCommand>(); }

}  // namespace convoke::cli
