#include "tools/command.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "tools/access_key.h"
#include "tools/json.h"
#include "tools/suggest.h"

namespace convoke::cli {
namespace {

constexpr const char* kAbout =
    "Convoke runs functions: deploy one, call it over HTTP and wait, or let it run later.";

constexpr const char* kFooter =
    R"(Where NAME is asked for: FUNCTION (in the service `default`) or SERVICE/FUNCTION.
--endpoint and --json may stand before or after the command. Where the engine serves signed requests
alone (serve --access-keys), these environment variables name the key to sign with:
CONVOKE_ACCESS_KEY_ID and CONVOKE_ACCESS_KEY_SECRET.

Examples:
  convoke serve                                   an engine on 127.0.0.1:7070, state in ./state
  convoke deploy hello/                           reads hello/convoke.toml
  convoke invoke hello -e '{"name": "Ada"}'       call it and wait for the answer
  convoke invoke hello --async -e '{}'            hand it over; prints the request's id
  convoke invoke hello --async --id job-1         hand it over under a name of its own
  convoke get hello job-1                         what has become of it
  convoke failed list                             what ended in failure, and why
  convoke logs hello --request ID                 what that call wrote
  convoke kill hello --note WHY                   stop it now, everywhere
  convoke resume hello                            let it run again
  convoke COMMAND --help                          more about one command

Exit codes:
  0  it worked
  1  the function failed (invoke); the call ended otherwise than well (get);
     this machine has a fault (doctor)
  2  the command line, a file it names, or the code to deploy is wrong; the engine
     could not start, as when its state is in use or damaged (serve)
  3  the engine refused (4xx): the message says why
  4  no engine answered, or it answered 5xx: worth trying again
  5  the call has not ended yet (get, invoke --wait))";

std::vector<CommandPtr> all_commands() {
  std::vector<CommandPtr> commands;
  commands.push_back(make_serve_command());
  commands.push_back(make_deploy_command());
  commands.push_back(make_functions_command());
  commands.push_back(make_show_command());
  commands.push_back(make_set_command());
  commands.push_back(make_delete_command());
  commands.push_back(make_invoke_command());
  commands.push_back(make_get_command());
  commands.push_back(make_why_command());
  commands.push_back(make_tree_command());
  commands.push_back(make_list_command());
  commands.push_back(make_stop_command());
  commands.push_back(make_kill_command());
  commands.push_back(make_resume_command());
  commands.push_back(make_failed_command());
  commands.push_back(make_logs_command());
  commands.push_back(make_clock_command());
  commands.push_back(make_doctor_command());
  return commands;
}

void report(const Failure& failure, Format format) {
  if (format == Format::kJson) {
    JsonWriter json;
    json.begin_object();
    json.member("ErrorCode", std::string_view(failure.code));
    json.member("ErrorMessage", std::string_view(failure.message));
    json.member("RequestId", std::string_view(failure.request_id));
    json.end_object();
    fmt::print(stderr, "{}\n", json.text());
    return;
  }
  const std::string code = failure.code.empty() ? "" : failure.code + ": ";
  const std::string request =
      failure.request_id.empty() ? "" : fmt::format(" [request {}]", failure.request_id);
  fmt::print(stderr, "convoke: {}{}{}\n", code, failure.message, request);
}

// The command line with all that hangs on it; options write into the members.
class CommandLine {
 public:
  CommandLine() : commands_(all_commands()) {
    app_.require_subcommand(1);
    app_.fallthrough();
    app_.add_option("--endpoint", endpoint_, "the engine's URL")
        ->envname("CONVOKE_ENDPOINT")
        ->capture_default_str();
    app_.add_flag("--json", json_, "print JSON, for scripts");
    app_.set_version_flag("--version", "convoke " CONVOKE_VERSION);
    app_.footer(kFooter);
    for (const CommandPtr& command : commands_) {
      command->define(*app_.add_subcommand(command->name(), command->summary()));
    }
  }

  ExitCode run(std::vector<std::string> arguments) {
    if (const std::optional<Failure> failure = unknown_command(arguments)) return fail(*failure);
    std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back
    try {
      app_.parse(std::move(arguments));
    } catch (const CLI::ParseError& error) {
      return app_.exit(error) == 0 ? ExitCode::kOk : ExitCode::kUsage;
    }
    return run_parsed();
  }

 private:
  std::optional<Failure> unknown_command(const std::vector<std::string>& arguments) const {
    if (arguments.empty() || arguments.front().substr(0, 1) == "-") return std::nullopt;
    std::vector<std::string> names;
    for (const CommandPtr& command : commands_) names.push_back(command->name());
    const std::string& typed = arguments.front();
    if (std::find(names.begin(), names.end(), typed) != names.end()) return std::nullopt;
    return usage_failure(
        fmt::format("no command '{}'{}; see convoke --help", typed, did_you_mean(typed, names)));
  }

  ExitCode run_parsed() {
    auto key = access_key_of_environment();
    if (!key) return fail(key.failure());
    ApiClient api(endpoint_, *std::move(key));
    Session session{api, format()};
    for (const CommandPtr& command : commands_) {
      if (!app_.got_subcommand(command->name())) continue;
      Outcome<ExitCode> outcome = command->run(session);
      return outcome ? *outcome : fail(outcome.failure());
    }
    return ExitCode::kUsage;  // require_subcommand(1) has seen to it that there is one
  }

  ExitCode fail(const Failure& failure) const {
    static_cast<void>(std::fflush(stdout));
    report(failure, format());
    return failure.exit;
  }

  [[nodiscard]] Format format() const { return json_ ? Format::kJson : Format::kPeople; }

  std::vector<CommandPtr> commands_;
  std::string endpoint_{kDefaultEndpoint};
  bool json_ = false;
  CLI::App app_{kAbout, "convoke"};
};

}  // namespace

std::string Session::endpoint_flag() const {
  return api.endpoint() == kDefaultEndpoint ? "" : " --endpoint " + api.endpoint();
}

ExitCode run_command_line(std::vector<std::string> arguments) {
  return CommandLine().run(std::move(arguments));
}

}  // namespace convoke::cli
