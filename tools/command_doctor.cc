// `convoke doctor`: is this machine fit to run an engine, and is one running?
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "tools/command.h"
#include "tools/doctor_checks.h"
#include "tools/json.h"

namespace convoke::cli {
namespace {

std::string_view word_for(Health health) {
  switch (health) {
    case Health::kGood:
      return "ok";
    case Health::kNote:
      return "note";
    case Health::kFault:
      return "FAULT";
  }
  return "";
}

class DoctorCommand final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "doctor"; }
  [[nodiscard]] std::string summary() const override {
    return "check this machine, and whether an engine answers";
  }

  void define(CLI::App& app) override {
    app.add_option("--state", state_, "the engine's state directory")
        ->envname("CONVOKE_STATE")
        ->capture_default_str();
    app.add_option("--access-keys", access_keys_, "the engine's file of access keys")
        ->envname("CONVOKE_ACCESS_KEYS");
    app.add_option("--queue", queue_.queue, "the engine's: redis[s]://... or unix:PATH")
        ->envname("CONVOKE_QUEUE");
    app.add_option("--queue-password-file", queue_.password_file, "FILE with the server's password")
        ->envname("CONVOKE_QUEUE_PASSWORD_FILE");
    app.add_option("--queue-ca", queue_.ca_file, "FILE of whom rediss:// trusts")
        ->envname("CONVOKE_QUEUE_CA");
    app.add_option("--queue-cert", queue_.certificate_file, "FILE of the certificate it shows")
        ->envname("CONVOKE_QUEUE_CERT");
    app.add_option("--queue-key", queue_.key_file, "FILE of its key")->envname("CONVOKE_QUEUE_KEY");
    app.add_option("--durability", queue_.durability, "what it is to keep: as serve has it")
        ->envname("CONVOKE_DURABILITY")
        ->capture_default_str();
    app.add_option("--without-store", queue_.without_store, "refuse or serve: as serve has it")
        ->envname("CONVOKE_WITHOUT_STORE")
        ->check(CLI::IsMember({"refuse", "serve"}))
        ->capture_default_str();
    app.footer(
        "Only looks, changes nothing. Run it where the engine runs. A note works, with a\n"
        "limit worth knowing; with a FAULT something will fail: exit code 4 when it is the\n"
        "engine that does not answer, else 1.");
  }

  Outcome<ExitCode> run(Session& session) override {
    const Finding engine = check_engine(session.api);
    std::vector<Finding> findings = {engine,
                                     check_launcher(),
                                     check_python(),
                                     check_state(state_),
                                     check_authentication(access_keys_),
                                     check_open_files(),
                                     check_port_range(),
                                     check_allocator(),
                                     check_sandbox()};
    const std::vector<Finding> queue = check_queue(queue_);
    findings.insert(findings.end(), queue.begin(), queue.end());
    session.json() ? print_json(findings) : print(findings);
    if (engine.health == Health::kFault) return ExitCode::kUnreachable;
    const bool fault = std::any_of(findings.begin(), findings.end(), [](const Finding& finding) {
      return finding.health == Health::kFault;
    });
    return fault ? ExitCode::kFunctionError : ExitCode::kOk;
  }

 private:
  static void print(const std::vector<Finding>& findings) {
    for (const Finding& finding : findings) {
      fmt::print("{:<6} {:<11} {}\n", word_for(finding.health), finding.what, finding.detail);
    }
  }

  static void print_json(const std::vector<Finding>& findings) {
    JsonWriter json;
    json.begin_array();
    for (const Finding& finding : findings) {
      json.begin_object();
      json.member("check", std::string_view(finding.what));
      json.member("health", word_for(finding.health));
      json.member("detail", std::string_view(finding.detail));
      json.end_object();
    }
    json.end_array();
    fmt::print("{}\n", json.text());
  }

  std::string state_ = "./state";
  std::string access_keys_;
  QueueAsked queue_;
};

}  // namespace

CommandPtr make_doctor_command() { return std::make_unique<DoctorCommand>(); }

}  // namespace convoke::cli
