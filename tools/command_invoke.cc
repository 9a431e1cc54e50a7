// `convoke invoke NAME`: one call, waited for or handed over.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <optional>

#include "core/model/base64.h"
#include "tools/base64.h"
#include "tools/command.h"
#include "tools/files.h"
#include "tools/function_name.h"
#include "tools/json.h"

namespace convoke::cli {
namespace {

constexpr std::size_t kEventBytesMax = 32UL << 20;  // what a sync call may carry

constexpr const char* kFooter =
    R"(Without --async the command waits for the function and prints its answer, as it is, to stdout;
what else there is to say goes to stderr. If the function failed, its error is the answer and the
exit code is 1. With --async it prints the request's id as soon as the engine has stored the call.

--id gives an asynchronous call a name of its own, by which `convoke get`, `list` and `stop` know
it; a name in use is refused, so that a command repeated after a lost answer runs nothing twice.
--wait hands the call over and waits for its end all the same: whatever happens to this command or
to the engine, the call goes on. If the time is over first, the exit code is 5.

Examples:
  convoke invoke hello -e '{"name": "Ada"}'
  convoke invoke hello --event-file order.json --log
  generate | convoke invoke hello --event -
  convoke invoke hello --async -e '{}'
  convoke invoke hello --async --id nightly-2026-01-31 --delay 3600
  convoke invoke hello --wait 60 --id job-1 -e '{}'
  convoke invoke hello --json | jq .durationMs)";

struct CallResult {
  std::string request_id;
  std::string name;        // "" for a call without one
  std::string error_type;  // "" for success
  std::string log;
  bool ended = false;  // else it was accepted, and nothing more is known

  explicit CallResult(const ApiReply& reply)
      : request_id(reply.header("x-fc-request-id")),
        name(reply.header("x-fc-stateful-async-invocation-id")),
        error_type(reply.header("x-fc-error-type")),
        log(base64_decoded(reply.header("x-fc-log-result")).value_or("")),
        ended(reply.status != 202) {}
};

// As it is, or under KEYBase64 where it is no text.
void write_bytes(JsonWriter& json, std::string_view key, std::string_view bytes) {
  if (simdjson::validate_utf8(bytes.data(), bytes.size())) {
    json.member(key, bytes);
  } else {
    json.member(fmt::format("{}Base64", key), std::string_view(encode_base64(bytes)));
  }
}

// A header that holds a number; absent (an asynchronous call has no duration yet): null.
void write_number(JsonWriter& json, std::string_view key, std::string_view header) {
  JsonReader number;
  json.key(key);
  if (!header.empty() && number.parse(header) && number.root().is_number()) {
    json.raw(header);
  } else {
    json.null();
  }
}

class InvokeCommand final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "invoke"; }
  [[nodiscard]] std::string summary() const override { return "call a function"; }

  void define(CLI::App& app) override {
    app.add_option("NAME", name_, "FUNCTION or SERVICE/FUNCTION")->required();
    CLI::Option* event =
        app.add_option("-e,--event", event_, "the event, any text; - reads it from stdin");
    app.add_option("--event-file", event_file_, "the event is this file's content")
        ->excludes(event);
    CLI::Option* async = app.add_flag("--async", async_, "hand the call over; do not wait for it");
    CLI::Option* wait =
        app.add_option("--wait", wait_,
                       "hand the call over, and wait so many seconds for its end (at most 3600)")
            ->check(CLI::Range(0, 3600))
            ->excludes(async);
    app.add_option("--id", id_, "the call's own name (with --async or --wait)");
    app.add_option("--delay", delay_,
                   "run it so many seconds from now, up to 604800 (with --async or --wait)")
        ->check(CLI::NonNegativeNumber);
    app.add_flag("--log", log_, "also print the last 4 KB that the call wrote (to stderr)")
        ->excludes(async)
        ->excludes(wait);
    app.footer(kFooter);
  }

  Outcome<ExitCode> run(Session& session) override {
    Outcome<FunctionName> name = FunctionName::parse(name_);
    if (!name) return name.failure();
    if (!handed_over() && (!id_.empty() || delay_)) {
      return usage_failure("--id and --delay are for calls that are handed over: add --async");
    }
    Outcome<std::string> event = read_event();
    if (!event) return event.failure();
    Outcome<ApiReply> reply = session.api.send_ok(request_for(*name, std::move(*event)));
    if (!reply) return reply.failure();
    const CallResult result(*reply);
    if (session.json()) {
      print_json(*reply, result);
    } else if (!result.ended) {
      print_accepted(session, *name, result);
    } else {
      print_answer(*reply, result);
    }
    return exit_code_of(result);
  }

 private:
  [[nodiscard]] bool handed_over() const { return async_ || wait_; }

  [[nodiscard]] ExitCode exit_code_of(const CallResult& result) const {
    if (!result.ended) return wait_ ? ExitCode::kUnfinished : ExitCode::kOk;
    return result.error_type.empty() ? ExitCode::kOk : ExitCode::kFunctionError;
  }

  [[nodiscard]] Outcome<std::string> read_event() const {
    if (!event_file_.empty()) return read_whole_file(event_file_, kEventBytesMax);
    if (event_ == "-") return read_whole_stream(stdin, "the event", kEventBytesMax);
    return event_;
  }

  [[nodiscard]] ApiRequest request_for(const FunctionName& name, std::string event) const {
    ApiRequest request{"POST", name.function_path() + "/invocations", std::move(event)};
    request.headers.emplace_back("X-Fc-Invocation-Type", handed_over() ? "Async" : "Sync");
    if (wait_) request.headers.emplace_back("Prefer", fmt::format("wait={}", *wait_));
    if (!id_.empty()) request.headers.emplace_back("X-Fc-Stateful-Async-Invocation-Id", id_);
    // The engine's own header: Function Compute's ends at an hour.
    if (delay_) request.headers.emplace_back("X-Convoke-Async-Delay", fmt::format("{}", *delay_));
    if (log_) request.headers.emplace_back("X-Fc-Log-Type", "Tail");
    request.patience = async_ ? Patience::kBounded : Patience::kUnbounded;
    return request;
  }

  void print_accepted(const Session& session, const FunctionName& name,
                      const CallResult& result) const {
    if (wait_) {
      fmt::print(stderr, "not ended after {} s; it goes on\n", *wait_);
    } else {
      fmt::print("{}\n", result.request_id);
      std::fflush(stdout);
      fmt::print(stderr, "accepted; what it writes: convoke{} logs {} --request {}\n",
                 session.endpoint_flag(), name.text(), result.request_id);
    }
    if (result.name.empty()) return;
    fmt::print(stderr, "how it stands: convoke{} get {} {}\n", session.endpoint_flag(), name.text(),
               result.name);
  }

  static void print_answer(const ApiReply& reply, const CallResult& result) {
    if (!result.log.empty()) fmt::print(stderr, "{}\n", result.log);
    std::fwrite(reply.body.data(), 1, reply.body.size(), stdout);
    const bool line_open = !reply.body.empty() && reply.body.back() != '\n';
    if (line_open && ::isatty(STDOUT_FILENO) == 1) fmt::print("\n");
    if (result.error_type.empty()) return;
    std::fflush(stdout);
    fmt::print(stderr, "{}convoke: the function failed: {} [request {}]\n", line_open ? "\n" : "",
               result.error_type, result.request_id);
  }

  static void print_json(const ApiReply& reply, const CallResult& result) {
    JsonWriter json;
    json.begin_object();
    json.member("status", std::int64_t{reply.status});
    json.member("requestId", std::string_view(result.request_id));
    if (!result.name.empty()) json.member("invocationId", std::string_view(result.name));
    json.member("errorType", std::string_view(result.error_type));
    json.member("instanceId", reply.header("x-fc-instance-id"));
    write_number(json, "durationMs", reply.header("x-fc-invocation-duration"));
    write_number(json, "maxMemoryMb", reply.header("x-fc-max-memory-usage"));
    write_bytes(json, "body", reply.body);
    if (!result.log.empty()) write_bytes(json, "log", result.log);
    json.end_object();
    fmt::print("{}\n", json.text());
  }

  std::string name_;
  std::string event_;
  std::string event_file_;
  std::string id_;
  std::optional<int> wait_;
  std::optional<std::int64_t> delay_;
  bool async_ = false;
  bool log_ = false;
};

}  // namespace

CommandPtr make_invoke_command() { return std::make_unique<InvokeCommand>(); }

}  // namespace convoke::cli
