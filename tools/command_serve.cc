// `convoke serve`: the engine, in the foreground until SIGTERM or SIGINT; SIGUSR2 starts it anew.
#include <optional>

#include "tools/command.h"
#include "tools/serve.h"
#include "tools/serve_options.h"

namespace convoke::cli {
namespace {

constexpr const char* kFooter =
    R"(Every option is also an environment variable (--idle-timeout: CONVOKE_IDLE_TIMEOUT) and a key of
the configuration file (idle_timeout = 60). A flag wins over the environment, and that over the
file. GET /healthz answers 200 once calls can be served.

SIGTERM or SIGINT: no new connections, running calls have --grace seconds to finish, and what was
cut is said. Calls that were answered 202 are kept in the state directory, whatever happens.

SIGUSR2: restart, or upgrade if another program lies at this one's path by now. It is asked first
whether it can serve with these options (--check); if not, nothing changes. Then this engine
finishes as above, while new connections wait, and the program takes this process' place. The same
sockets can come from an init system (LISTEN_FDS); --listen must say where they listen.

Examples:
  convoke serve
  convoke serve --listen 127.0.0.1:8080 --state /var/lib/convoke --shards 2
  CONVOKE_LOG_LEVEL=debug convoke serve --config convoke-serve.toml)";

class ServeCommand final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "serve"; }
  [[nodiscard]] std::string summary() const override { return "run an engine"; }

  void define(CLI::App& app) override {
    settings_.emplace(app, options_);
    app.add_flag("--check", check_,
                 "only say whether it could serve so, journals and all, and if not, why");
    app.footer(kFooter);
  }

  Outcome<ExitCode> run(Session&) override {
    if (Outcome<Done> applied = settings_->apply_config_file(); !applied) return applied.failure();
    if (options_.launcher.empty()) options_.launcher = launcher_beside_program();
    return check_ ? check_serve(options_) : serve(options_);
  }

 private:
  ServeOptions options_;
  bool check_ = false;
  std::optional<ServeSettings> settings_;
};

}  // namespace

CommandPtr make_serve_command() { return std::make_unique<ServeCommand>(); }

}  // namespace convoke::cli
