// `convoke set NAME key=value...`: changes a function without deploying it again.
#include <fmt/format.h>

#include <cstdio>

#include "tools/command.h"
#include "tools/function_name.h"
#include "tools/function_settings.h"
#include "tools/json.h"

namespace convoke::cli {
namespace {

constexpr std::string_view kEnvironmentPrefix = "environment.";

constexpr const char* kFooterTail =
    R"(  environment.VARIABLE    one variable; the others stay (to remove one, deploy again)

When the command returns, every engine holds the change: with limit=0 no call starts any more, and
those that ran have been ended; asynchronous ones wait until the limit is lifted. `convoke kill`
does the same and keeps the limit; it says why, can drain, and can end by itself.

Examples:
  convoke set hello timeout=60 memory=512
  convoke set shop/checkout environment.RATE=0.2
  convoke set hello limit=0        stop it now
  convoke set hello limit=none     no limit: let it run again
  convoke set hello retries=0 on_failure=https://example.com/failed
  convoke set hello on_success=acs:fc:::services/default/functions/next)";

class SetCommand final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "set"; }
  [[nodiscard]] std::string summary() const override {
    return "change settings of a function; limit=0 stops it";
  }

  void define(CLI::App& app) override {
    app.add_option("NAME", name_, "FUNCTION or SERVICE/FUNCTION")->required();
    app.add_option("KEY=VALUE", changes_, "what to change")->required();
    app.footer("Keys:\n" + settings_help() + kFooterTail);
  }

  Outcome<ExitCode> run(Session& session) override {
    Outcome<FunctionName> name = FunctionName::parse(name_);
    if (!name) return name.failure();
    FunctionSettings settings;
    std::vector<std::pair<std::string, std::string>> variables;
    if (Outcome<Done> parsed = parse(settings, variables); !parsed) return parsed.failure();
    // The stop comes first: nothing else may hold it up.
    if (settings.limit()) {
      Outcome<Done> limited = apply_limit(session.api, *name, *settings.limit());
      if (!limited) return limited.failure();
    }
    if (settings.changes_function() || !variables.empty()) {
      Outcome<ApiReply> updated = update(session.api, *name, settings, variables);
      if (!updated) return updated.failure();
    }
    if (!settings.async().empty()) {
      Outcome<Done> applied = apply_async(session.api, *name, settings.async());
      if (!applied) return applied.failure();
    }
    if (!session.json()) fmt::print("{}: set\n", name->text());
    return ExitCode::kOk;
  }

 private:
  using Variables = std::vector<std::pair<std::string, std::string>>;

  Outcome<Done> parse(FunctionSettings& settings, Variables& variables) const {
    for (const std::string& change : changes_) {
      const std::size_t equals = change.find('=');
      if (equals == std::string::npos) {
        return usage_failure(fmt::format("'{}' is no KEY=VALUE", change));
      }
      const std::string key = change.substr(0, equals);
      const std::string value = change.substr(equals + 1);
      if (key.find(kEnvironmentPrefix) == 0) {
        variables.emplace_back(key.substr(kEnvironmentPrefix.size()), value);
      } else if (Outcome<Done> set = settings.set(key, value); !set) {
        return set;
      }
    }
    return Done{};
  }

  // The API replaces all variables at once: read them, change some, and write them back on the
  // condition that nobody else has written in between.
  static Outcome<ApiReply> update(ApiClient& api, const FunctionName& name,
                                  FunctionSettings& settings, const Variables& variables) {
    ApiRequest request{"PUT", name.function_path()};
    if (!variables.empty()) {
      Outcome<ApiReply> current = api.send_ok({"GET", name.function_path()});
      if (!current) return current;
      take_variables(settings, *current);
      for (const auto& [key, value] : variables) settings.set_environment(key, value);
      request.headers.emplace_back("If-Match", current->header("etag"));
    }
    JsonWriter json;
    json.begin_object();
    settings.write_members(json);
    json.end_object();
    request.body = json.text();
    return api.send_ok(request);
  }

  static void take_variables(FunctionSettings& settings, const ApiReply& current) {
    JsonReader json;
    simdjson::dom::object variables;
    if (!json.parse(current.body)) return;
    if (json.root()["environmentVariables"].get(variables) != simdjson::SUCCESS) return;
    for (const auto& variable : variables) {
      std::string_view value;
      if (variable.value.get(value) != simdjson::SUCCESS) continue;
      settings.set_environment(std::string(variable.key), std::string(value));
    }
  }

  std::string name_;
  std::vector<std::string> changes_;
};

}  // namespace

CommandPtr make_set_command() { return std::make_unique<SetCommand>(); }

}  // namespace convoke::cli
