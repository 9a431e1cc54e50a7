// `convoke deploy DIR`: the code in a directory becomes a function, new or updated.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "core/model/base64.h"
#include "tools/code_zip.h"
#include "tools/command.h"
#include "tools/function_manifest.h"
#include "tools/json.h"

namespace convoke::cli {
namespace {

constexpr const char* kFooterHead = R"(DIR holds the code and a file convoke.toml:

  runtime = "python3"          # or "custom": an executable file `bootstrap` that serves HTTP
  handler = "index.handler"    # python3: FILE.FUNCTION
  timeout = 60

  [environment]
  GREETING = "hello"

Keys:
  name                    by default the directory's name
  service                 by default `default`; created if it does not exist
)";

constexpr const char* kFooterTail = R"(
A key left out keeps its value on a function that exists, and takes the engine's default on a new
one. [environment] replaces all variables. An unknown key is an error. When the command returns, no
call starts on the old code any more; calls that run on it finish.

Examples:
  convoke deploy hello/
  convoke deploy build/ --name shop/checkout)";

Outcome<Done> check_bootstrap(const std::string& directory, const FunctionSettings& settings) {
  if (settings.text("runtime") != "custom") return Done{};
  const std::string path = (std::filesystem::path(directory) / "bootstrap").string();
  if (::access(path.c_str(), F_OK) != 0) {
    return usage_failure(fmt::format("the custom runtime starts {}, and there is none", path));
  }
  if (::access(path.c_str(), X_OK) != 0) {
    return usage_failure(fmt::format("{} is not executable: chmod +x it", path));
  }
  return Done{};
}

// The steps against one engine: the function is there, as the manifest says, when all are done.
class Deployment {
 public:
  Deployment(ApiClient& api, const Manifest& manifest, const CodeZip& code)
      : api_(api), manifest_(manifest), code_(code) {}

  // The function as the engine now describes it.
  Outcome<ApiReply> run() {
    Outcome<ApiReply> found = api_.send({"GET", manifest_.name.function_path()});
    if (!found) return found;
    Outcome<ApiReply> deployed = found->ok() ? update() : create(*found);
    if (!deployed) return deployed;
    if (Outcome<Done> applied = apply_beside(manifest_.settings); !applied)
      return applied.failure();
    return deployed;
  }

  [[nodiscard]] bool created() const { return created_; }

 private:
  // What the API keeps beside the function.
  Outcome<Done> apply_beside(const FunctionSettings& settings) {
    if (settings.limit()) {
      if (Outcome<Done> limited = apply_limit(api_, manifest_.name, *settings.limit()); !limited)
        return limited;
    }
    if (settings.async().empty()) return Done{};
    return apply_async(api_, manifest_.name, settings.async());
  }

  Outcome<ApiReply> update() {
    return api_.send_ok({"PUT", manifest_.name.function_path(), body()});
  }

  Outcome<ApiReply> create(const ApiReply& not_found) {
    if (not_found.status != 404) return not_found.failure();
    if (not_found.error_code() == "ServiceNotFound") {
      if (Outcome<Done> made = create_service(); !made) return made.failure();
    }
    created_ = true;
    return api_.send_ok({"POST", manifest_.name.service_path() + "/functions", body()});
  }

  Outcome<Done> create_service() {
    JsonWriter json;
    json.begin_object();
    json.member("serviceName", std::string_view(manifest_.name.service));
    json.end_object();
    Outcome<ApiReply> made = api_.send({"POST", fmt::format("{}/services", kApiRoot), json.text()});
    if (!made) return made.failure();
    const bool someone_was_faster = made->error_code() == "ServiceAlreadyExists";
    if (!made->ok() && !someone_was_faster) return made->failure();
    return Done{};
  }

  [[nodiscard]] std::string body() const {
    JsonWriter json;
    json.begin_object();
    json.member("functionName", std::string_view(manifest_.name.function));
    manifest_.settings.write_members(json);
    json.key("code");
    json.begin_object();
    json.member("zipFile", std::string_view(encode_base64(code_.bytes)));
    json.end_object();
    json.end_object();
    return json.text();
  }

  ApiClient& api_;
  const Manifest& manifest_;
  const CodeZip& code_;
  bool created_ = false;
};

class DeployCommand final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "deploy"; }
  [[nodiscard]] std::string summary() const override {
    return "make or update a function from a directory";
  }

  void define(CLI::App& app) override {
    app.add_option("DIR", directory_, "the directory with the code and convoke.toml")->required();
    app.add_option("--name", name_, "NAME to deploy under, in place of the file's");
    app.footer(kFooterHead + settings_help() + kFooterTail);
  }

  Outcome<ExitCode> run(Session& session) override {
    Outcome<Manifest> manifest = read_manifest(directory_);
    if (!manifest) return manifest.failure();
    if (!name_.empty()) {
      Outcome<FunctionName> name = FunctionName::parse(name_);
      if (!name) return name.failure();
      manifest->name = std::move(*name);
    }
    if (Outcome<Done> right = check_bootstrap(directory_, manifest->settings); !right) {
      return right.failure();
    }
    Outcome<CodeZip> code = zip_directory(directory_);
    if (!code) return code.failure();
    Deployment deployment(session.api, *manifest, *code);
    Outcome<ApiReply> deployed = deployment.run();
    if (!deployed) return deployed.failure();
    print(session, *manifest, *code, deployment.created(), *deployed);
    return ExitCode::kOk;
  }

 private:
  static void print(const Session& session, const Manifest& manifest, const CodeZip& code,
                    bool created, const ApiReply& deployed) {
    if (session.json()) {
      fmt::print("{}\n", deployed.body);
      return;
    }
    const FunctionName& name = manifest.name;
    fmt::print("{} {}/{} ({}, {} {}, {} bytes)\n", created ? "created" : "updated", name.service,
               name.function, manifest.settings.text("runtime"), code.files,
               code.files == 1 ? "file" : "files", code.bytes.size());
    fmt::print("call it: convoke{} invoke {} -e '{{}}'\n", session.endpoint_flag(), name.text());
  }

  std::string directory_;
  std::string name_;
};

}  // namespace

CommandPtr make_deploy_command() { return std::make_unique<DeployCommand>(); }

}  // namespace convoke::cli
