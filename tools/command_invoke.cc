// `convoke invoke NAME`: one call, waited for or handed over.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

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

Examples:
  convoke invoke hello -e '{"name": "Ada"}'
  convoke invoke hello --event-file order.json --log
  generate | convoke invoke hello --event -
  convoke invoke hello --async -e '{}'
  convoke invoke hello --json | jq .durationMs)";

struct CallResult {
  std::string request_id;
  std::string error_type;  // "" for success
  std::string log;

  explicit CallResult(const ApiReply& reply)
      : request_id(reply.header("x-fc-request-id")),
        error_type(reply.header("x-fc-error-type")),
        log(base64_decoded(reply.header("x-fc-log-result")).value_or("")) {}
};

// As it is, or under KEYBase64 where it is no text.
void write_bytes(JsonWriter& json, std::string_view key, std::string_view bytes) {
  if (simdjson::validate_utf8(bytes.data(), bytes.size())) {
    json.member(key, bytes);
  } else {
    json.member(fmt::format("{}Base64", key), std::string_view(base64_encoded(bytes)));
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
    app.add_flag("--log", log_, "also print the last 4 KB that the call wrote (to stderr)")
        ->excludes(async);
    app.footer(kFooter);
  }

  Outcome<ExitCode> run(Session& session) override {
    Outcome<FunctionName> name = FunctionName::parse(name_);
    if (!name) return name.failure();
    Outcome<std::string> event = read_event();
    if (!event) return event.failure();
    Outcome<ApiReply> reply = session.api.send_ok(request_for(*name, std::move(*event)));
    if (!reply) return reply.failure();
    const CallResult result(*reply);
    if (session.json()) {
      print_json(*reply, result);
    } else if (async_) {
      print_accepted(session, *name, result);
    } else {
      print_answer(*reply, result);
    }
    return result.error_type.empty() ? ExitCode::kOk : ExitCode::kFunctionError;
  }

 private:
  [[nodiscard]] Outcome<std::string> read_event() const {
    if (!event_file_.empty()) return read_whole_file(event_file_, kEventBytesMax);
    if (event_ == "-") return read_whole_stream(stdin, "the event", kEventBytesMax);
    return event_;
  }

  [[nodiscard]] ApiRequest request_for(const FunctionName& name, std::string event) const {
    ApiRequest request{"POST", name.function_path() + "/invocations", std::move(event)};
    request.headers.emplace_back("X-Fc-Invocation-Type", async_ ? "Async" : "Sync");
    if (log_) request.headers.emplace_back("X-Fc-Log-Type", "Tail");
    request.patience = async_ ? Patience::kBounded : Patience::kUnbounded;
    return request;
  }

  static void print_accepted(const Session& session, const FunctionName& name,
                             const CallResult& result) {
    fmt::print("{}\n", result.request_id);
    std::fflush(stdout);
    fmt::print(stderr, "accepted; what it writes: convoke{} logs {} --request {}\n",
               session.endpoint_flag(), name.text(), result.request_id);
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
  bool async_ = false;
  bool log_ = false;
};

}  // namespace

CommandPtr make_invoke_command() { return std::make_unique<InvokeCommand>(); }

}  // namespace convoke::cli
