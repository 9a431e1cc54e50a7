// `convoke stop NAME ID`: ends one call with a name, wherever it stands.
#include <fmt/format.h>

#include <string>

#include "tools/call_name.h"
#include "tools/command.h"
#include "tools/function_name.h"

namespace convoke::cli {
namespace {

constexpr const char* kFooter =
    R"(A call that waits (queued, delayed, between two runs) never starts; one that runs has its
instance ended. What it has done by then stays done. Its status is Stopped, and nothing retries it.
A call that has ended already is refused (exit code 3).

To stop all of a function's calls at once: convoke kill NAME.

Example:
  convoke stop hello job-1)";

class StopCommand final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "stop"; }
  [[nodiscard]] std::string summary() const override {
    return "stop one asynchronous call that has a name";
  }

  void define(CLI::App& app) override {
    app.add_option("NAME", name_, "FUNCTION or SERVICE/FUNCTION")->required();
    app.add_option("ID", id_, "the call's name")->required();
    app.footer(kFooter);
  }

  Outcome<ExitCode> run(Session& session) override {
    Outcome<FunctionName> function = FunctionName::parse(name_);
    if (!function) return function.failure();
    Outcome<std::string> path = stateful_path(*function, id_);
    if (!path) return path.failure();
    Outcome<ApiReply> stopped = session.api.send_ok({"PUT", *path});
    if (!stopped) return stopped.failure();
    if (!session.json()) fmt::print("stopped {} {}\n", function->text(), id_);
    return ExitCode::kOk;
  }

 private:
  std::string name_;
  std::string id_;
};

}  // namespace

CommandPtr make_stop_command() { return std::make_unique<StopCommand>(); }

}  // namespace convoke::cli
