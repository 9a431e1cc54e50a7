// `convoke get [NAME] ID`: what has become of one asynchronous call; `convoke why`: in one line.
#include <fmt/format.h>

#include <string>

#include "tools/call_name.h"
#include "tools/call_record.h"
#include "tools/command.h"
#include "tools/function_name.h"
#include "tools/json.h"

namespace convoke::cli {
namespace {

constexpr const char* kFooter =
    R"(A call with a name (invoke --async --id, or of a function that is stateful) is found by its
function and that name, from its 202 until the history lets go of it. Any call is found by its
request id alone while it has not ended, and afterwards if it has a name or has failed.

Exit codes, besides the usual ones:
  0  it has succeeded
  1  it has ended otherwise: Failed, Stopped, Expired or Invalid
  5  it has not ended yet

Examples:
  convoke get hello job-1
  convoke get hello job-1 --payload          also its event and its result
  convoke get 5b4e0b3e-6d51-4a8c-9d0f-2f1d3c1e7a10
  convoke get hello job-1 --json | jq -r .status)";

constexpr const char* kWhyFooter =
    R"(Says how an asynchronous call stands, what holds it (a delay, a back-off, a limit, a function that
is stopped, an engine without its queue's server), and until when.

Exit codes, besides the usual ones: as of `convoke get`.

Examples:
  convoke why 5b4e0b3e-6d51-4a8c-9d0f-2f1d3c1e7a10
  convoke why hello job-1)";

enum class Shows : bool { kAll, kWhy };

class GetCommand final : public Command {
 public:
  explicit GetCommand(Shows shows) : shows_(shows) {}

  [[nodiscard]] std::string name() const override { return all() ? "get" : "why"; }
  [[nodiscard]] std::string summary() const override {
    return all() ? "look up an asynchronous call: how it stands, and why"
                 : "say in a line why an asynchronous call is not running";
  }

  void define(CLI::App& app) override {
    app.add_option("CALL", call_, "FUNCTION or SERVICE/FUNCTION, and ID; or a request id alone")
        ->required();
    app.add_option("ID", id_, "the call's name");
    if (all()) app.add_flag("--payload", payload_, "also the event and what the function answered");
    app.footer(all() ? kFooter : kWhyFooter);
  }

  Outcome<ExitCode> run(Session& session) override {
    Outcome<std::string> path = path_of_call();
    if (!path) return path.failure();
    if (payload_) *path += "?includePayload=true";
    Outcome<ApiReply> reply = session.api.send_ok({"GET", *path});
    if (!reply) return reply.failure();
    JsonReader call;
    if (!call.parse(reply->body)) {
      return Failure{ExitCode::kUnreachable, "the engine's answer is no JSON", {}, {}};
    }
    print(session, *reply, call.root());
    return exit_code_of(call.text("status"));
  }

 private:
  [[nodiscard]] bool all() const { return shows_ == Shows::kAll; }
  void print(const Session& session, const ApiReply& reply, simdjson::dom::element call) const {
    if (session.json()) return fmt::print("{}\n", reply.body);
    all() ? print_call(call) : print_why(call);
  }
  [[nodiscard]] Outcome<std::string> path_of_call() const {
    if (id_.empty()) return request_path(call_);
    Outcome<FunctionName> function = FunctionName::parse(call_);
    if (!function) return function.failure();
    return stateful_path(*function, id_);
  }

  const Shows shows_;
  std::string call_;
  std::string id_;
  bool payload_ = false;
};

}  // namespace

CommandPtr make_get_command() { return std::make_unique<GetCommand>(Shows::kAll); }
CommandPtr make_why_command() { return std::make_unique<GetCommand>(Shows::kWhy); }

}  // namespace convoke::cli
