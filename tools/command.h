// A command of the program: what it takes, and what it does. One file for each.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tools/api_client.h"
#include "tools/outcome.h"

namespace convoke::cli {

enum class Format { kPeople, kJson };

// What every command has at hand.
struct Session {
  ApiClient& api;
  Format format;

  [[nodiscard]] bool json() const { return format == Format::kJson; }
  // How the user reaches this engine again: " --endpoint URL", or "" for the usual one.
  [[nodiscard]] std::string endpoint_flag() const;
};

class Command {
 public:
  virtual ~Command() = default;
  [[nodiscard]] virtual std::string name() const = 0;
  [[nodiscard]] virtual std::string summary() const = 0;  // its line in `convoke --help`
  // Options go on `app`, which is this command's own and as long-lived as the command.
  virtual void define(CLI::App& app) = 0;
  // After a successful parse. Prints its outcome to stdout; a Failure is printed by main().
  [[nodiscard]] virtual Outcome<ExitCode> run(Session& session) = 0;
};

using CommandPtr = std::unique_ptr<Command>;

[[nodiscard]] CommandPtr make_serve_command();
[[nodiscard]] CommandPtr make_deploy_command();
[[nodiscard]] CommandPtr make_functions_command();
[[nodiscard]] CommandPtr make_show_command();
[[nodiscard]] CommandPtr make_set_command();
[[nodiscard]] CommandPtr make_delete_command();
[[nodiscard]] CommandPtr make_invoke_command();
[[nodiscard]] CommandPtr make_get_command();
[[nodiscard]] CommandPtr make_why_command();
[[nodiscard]] CommandPtr make_tree_command();
[[nodiscard]] CommandPtr make_list_command();
[[nodiscard]] CommandPtr make_stop_command();
[[nodiscard]] CommandPtr make_kill_command();
[[nodiscard]] CommandPtr make_resume_command();
[[nodiscard]] CommandPtr make_failed_command();
[[nodiscard]] CommandPtr make_logs_command();
[[nodiscard]] CommandPtr make_clock_command();
[[nodiscard]] CommandPtr make_doctor_command();

// Parses `arguments` (without the program's name), runs the command, reports a failure on stderr.
[[nodiscard]] ExitCode run_command_line(std::vector<std::string> arguments);

}  // namespace convoke::cli
