// `convoke show NAME`: one function, as the engine holds it.
#include <fmt/format.h>

#include <cstdio>

#include "tools/command.h"
#include "tools/function_name.h"
#include "tools/function_settings.h"
#include "tools/json.h"
#include "tools/switch_list.h"

namespace convoke::cli {
namespace {

// A JSON value as people read it: strings without quotes.
std::string plain(simdjson::dom::element value) {
  std::string_view text;
  if (value.get(text) == simdjson::SUCCESS) return std::string(text);
  return value.is_null() ? "" : simdjson::minify(value);
}

void print_line(std::string_view key, std::string_view value) {
  fmt::print("{:<24}{}\n", key, value);
}

class ShowCommand final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "show"; }
  [[nodiscard]] std::string summary() const override {
    return "show one function, its limit and how its asynchronous calls are treated";
  }

  void define(CLI::App& app) override {
    app.add_option("NAME", name_, "FUNCTION or SERVICE/FUNCTION")->required();
    app.footer(
        "Prints the settings under the names that `convoke set` takes.\n\n"
        "Examples:\n  convoke show hello\n  convoke show shop/checkout --json");
  }

  Outcome<ExitCode> run(Session& session) override {
    Outcome<FunctionName> name = FunctionName::parse(name_);
    if (!name) return name.failure();
    Outcome<ApiReply> function = session.api.send_ok({"GET", name->function_path()});
    if (!function) return function.failure();
    Outcome<ApiReply> limit =
        session.api.send({"GET", name->function_path() + "/on-demand-config"});
    if (!limit) return limit.failure();
    const bool unlimited = limit->error_code() == "OnDemandConfigNotFound";
    if (!limit->ok() && !unlimited) return limit->failure();
    Outcome<ApiReply> config =
        session.api.send({"GET", name->function_path() + "/async-invoke-config"});
    if (!config) return config.failure();
    const bool has_config = config->error_code() != "AsyncConfigNotExists";
    if (!config->ok() && has_config) return config->failure();
    JsonReader function_json;
    JsonReader limit_json;
    JsonReader config_json;
    if (!function_json.parse(function->body) || !limit_json.parse(limit->body) ||
        !config_json.parse(config->body)) {
      return Failure{ExitCode::kUnreachable, "the engine's answer is no JSON", {}, {}};
    }
    Outcome<ApiReply> triggers = session.api.send({"GET", name->function_path() + "/triggers"});
    if (!triggers) return triggers.failure();
    const auto maximum = number_of(limit_json.root(), "maximumInstanceCount");
    const auto async = has_config ? std::optional(config_json.root()) : std::nullopt;
    session.json() ? print_json(*name, function_json.root(), maximum, async)
                   : print_for_people(*name, function_json.root(), maximum, async);
    if (!session.json() && triggers->ok()) print_paused(triggers->body);
    return ExitCode::kOk;
  }

 private:
  static void print_json(const FunctionName& name, simdjson::dom::element function,
                         std::optional<std::int64_t> maximum,
                         std::optional<simdjson::dom::element> config) {
    JsonWriter json;
    json.begin_object();
    json.member("serviceName", std::string_view(name.service));
    json.key("function");
    json.raw(function);
    json.key("maximumInstanceCount");
    maximum ? json.value(*maximum) : json.null();
    json.key("asyncConfig");
    config ? json.raw(*config) : json.null();
    json.end_object();
    fmt::print("{}\n", json.text());
  }

  static void print_for_people(const FunctionName& name, simdjson::dom::element function,
                               std::optional<std::int64_t> maximum,
                               std::optional<simdjson::dom::element> config) {
    print_line("name", name.text());
    for (const SettingKey& key : setting_keys()) {
      simdjson::dom::element value;
      if (function[key.member].get(value) != simdjson::SUCCESS) continue;
      if (const std::string text = plain(value); !text.empty()) print_line(key.key, text);
    }
    simdjson::dom::element restriction;
    if (function["invocationRestriction"].get(restriction) == simdjson::SUCCESS) {
      print_line("kill switch", restriction_text(restriction));
    }
    print_line("limit", !maximum        ? "none"
                        : *maximum == 0 ? "0 (stopped)"
                                        : fmt::format("{}", *maximum));
    if (config) {
      for (const AsyncLine& line : async_lines(*config)) print_line(line.key, line.value);
    }
    print_line("code",
               fmt::format("{} bytes, checksum {}", number_of(function, "codeSize").value_or(0),
                           text_of(function, "codeChecksum")));
    print_line("created", text_of(function, "createdTime"));
    print_line("modified", text_of(function, "lastModifiedTime"));
    simdjson::dom::object environment;
    if (function["environmentVariables"].get(environment) != simdjson::SUCCESS) return;
    for (const auto& variable : environment) {
      print_line(fmt::format("environment.{}", variable.key), plain(variable.value));
    }
  }

  static void print_paused(const std::string& body) {
    JsonReader reader;
    simdjson::dom::array triggers;
    if (!reader.parse(body) || reader.root()["triggers"].get(triggers) != simdjson::SUCCESS) return;
    for (const simdjson::dom::element trigger : triggers) {
      bool paused = false;
      if (trigger["paused"].get(paused) != simdjson::SUCCESS || !paused) continue;
      print_line(fmt::format("trigger {}", text_of(trigger, "triggerName")),
                 fmt::format("paused since {}: {}", text_of(trigger, "pausedTime"),
                             text_of(trigger, "pausedReason")));
    }
  }

  std::string name_;
};

}  // namespace

CommandPtr make_show_command() { return std::make_unique<ShowCommand>(); }

}  // namespace convoke::cli
