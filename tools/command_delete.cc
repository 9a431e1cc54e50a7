// `convoke delete NAME`: removes a function, its limit and its code.
#include <fmt/format.h>

#include <cstdio>

#include "tools/command.h"
#include "tools/function_name.h"

namespace convoke::cli {
namespace {

class DeleteCommand final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "delete"; }
  [[nodiscard]] std::string summary() const override { return "delete a function"; }

  void define(CLI::App& app) override {
    app.add_option("NAME", name_, "FUNCTION or SERVICE/FUNCTION")->required();
    app.footer(
        "Asynchronous calls still in its queue end Invalid. A function made later by the same\n"
        "name inherits nothing. The service stays.\n\nExample:\n  convoke delete hello");
  }

  Outcome<ExitCode> run(Session& session) override {
    Outcome<FunctionName> name = FunctionName::parse(name_);
    if (!name) return name.failure();
    Outcome<ApiReply> deleted = session.api.send_ok({"DELETE", name->function_path()});
    if (!deleted) return deleted.failure();
    if (!session.json()) fmt::print("deleted {}\n", name->text());
    return ExitCode::kOk;
  }

 private:
  std::string name_;
};

}  // namespace

CommandPtr make_delete_command() { return std::make_unique<DeleteCommand>(); }

}  // namespace convoke::cli
