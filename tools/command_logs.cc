// `convoke logs NAME`: what a function wrote.
#include <fmt/format.h>

#include <cstdio>

#include "tools/command.h"
#include "tools/function_name.h"

namespace convoke::cli {
namespace {

class LogsCommand final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "logs"; }
  [[nodiscard]] std::string summary() const override { return "print what a function wrote"; }

  void define(CLI::App& app) override {
    app.add_option("NAME", name_, "FUNCTION or SERVICE/FUNCTION")->required();
    app.add_option("-n,--lines", lines_, "at most so many, the newest")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    app.add_option("--request", request_, "only the lines of the call with this request id");
    app.footer(
        "A line: time, instance, request id (or -), text. No line at all is no error.\n\n"
        "Examples:\n  convoke logs hello --lines 20\n"
        "  convoke logs hello --request \"$(convoke invoke hello --async -e '{}')\"");
  }

  Outcome<ExitCode> run(Session& session) override {
    Outcome<FunctionName> name = FunctionName::parse(name_);
    if (!name) return name.failure();
    std::string path =
        fmt::format("/convoke/logs/{}/{}?lines={}", name->service, name->function, lines_);
    if (!request_.empty()) path += "&requestId=" + percent_encoded(request_);
    Outcome<ApiReply> logs = session.api.send_ok({"GET", path});
    if (!logs) return logs.failure();
    std::fwrite(logs->body.data(), 1, logs->body.size(), stdout);
    return ExitCode::kOk;
  }

 private:
  std::string name_;
  std::string request_;
  int lines_ = 100;
};

}  // namespace

CommandPtr make_logs_command() { return std::make_unique<LogsCommand>(); }

}  // namespace convoke::cli
