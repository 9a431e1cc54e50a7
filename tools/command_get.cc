// `convoke get [NAME] ID`: what has become of one asynchronous call.
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

class GetCommand final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "get"; }
  [[nodiscard]] std::string summary() const override {
    return "look up an asynchronous call: how it stands, and why";
  }

  void define(CLI::App& app) override {
    app.add_option("CALL", call_, "FUNCTION or SERVICE/FUNCTION, and ID; or a request id alone")
        ->required();
    app.add_option("ID", id_, "the call's name");
    app.add_flag("--payload", payload_, "also the event and what the function answered");
    app.footer(kFooter);
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
    session.json() ? fmt::print("{}\n", reply->body) : print_call(call.root());
    return exit_code_of(call.text("status"));
  }

 private:
  [[nodiscard]] Outcome<std::string> path_of_call() const {
    if (id_.empty()) return request_path(call_);
    Outcome<FunctionName> function = FunctionName::parse(call_);
    if (!function) return function.failure();
    return stateful_path(*function, id_);
  }

  std::string call_;
  std::string id_;
  bool payload_ = false;
};

}  // namespace

CommandPtr make_get_command() { return std::make_unique<GetCommand>(); }

}  // namespace convoke::cli
