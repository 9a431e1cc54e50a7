// `convoke stop NAME ID`: ends one call with a name, wherever it stands. `convoke stop --tree ID`:
// ends a call and all that it caused.
#include <fmt/format.h>

#include <string>

#include "tools/call_name.h"
#include "tools/command.h"
#include "tools/function_name.h"
#include "tools/stopped_trees.h"

namespace convoke::cli {
namespace {

constexpr const char* kFooter =
    R"(A call that waits (queued, delayed, between two runs) never starts; one that runs has its
instance ended. What it has done by then stays done. Its status is Stopped, and nothing retries it.
A call that has ended already is refused (exit code 3).

--tree stops a call and all that it caused: through its functions' calls, their destinations, and so
on. When it returns, no engine starts anything of it any more, and what ran is dead (but for calls
whose instance runs calls of others too: they are answered, and their code goes on until the others
are done). Queued calls of it end as they come up. Who tries to add to it later is refused: 412
InvocationTreeStopped. It cannot be taken back. ID is the X-Fc-Request-Id of the call that began it,
or of any call of it that runs now on the engine that is asked.

To stop all of a function's calls at once: convoke kill NAME.

Examples:
  convoke stop hello job-1
  convoke stop --tree 01890a5d-ac96-774b-bcce-b302099a8057 --note "fans out, see #123"
  convoke stop --list                            which trees are stopped, by whom and why)";

class StopCommand final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "stop"; }
  [[nodiscard]] std::string summary() const override {
    return "stop one asynchronous call that has a name, or a call and all that it caused";
  }

  void define(CLI::App& app) override {
    app.add_option("NAME", name_, "FUNCTION or SERVICE/FUNCTION");
    app.add_option("ID", id_, "the call's name");
    app.add_option("--tree", tree_, "the id of a call: it and all that it caused");
    app.add_option("--note", note_, "with --tree, why: whoever is refused or looks at it is told");
    app.add_flag("--list", list_, "show which trees are stopped, and change nothing");
    app.footer(kFooter);
  }

  Outcome<ExitCode> run(Session& session) override {
    if (Outcome<Done> right = check(); !right) return right.failure();
    if (list_) return list_stopped_trees(session);
    if (!tree_.empty()) return stop_tree(session, tree_, note_);
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
  [[nodiscard]] Outcome<Done> check() const {
    const int asked = int{list_} + int{!tree_.empty()} + int{!name_.empty()};
    if (asked != 1 || name_.empty() != id_.empty()) {
      return usage_failure("say NAME and ID, or --tree ID, or --list");
    }
    if (!note_.empty() && tree_.empty()) return usage_failure("--note goes with --tree alone");
    return Done{};
  }

  std::string name_;
  std::string id_;
  std::string tree_;
  std::string note_;
  bool list_ = false;
};

}  // namespace

CommandPtr make_stop_command() { return std::make_unique<StopCommand>(); }

}  // namespace convoke::cli
