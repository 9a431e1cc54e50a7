// `convoke functions`: what is deployed, in all services.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "tools/command.h"
#include "tools/function_name.h"
#include "tools/json.h"
#include "tools/listing.h"
#include "tools/switch_list.h"

namespace convoke::cli {
namespace {

struct Row {
  std::string name;
  std::string runtime;
  std::string handler;
  std::int64_t timeout = 0;
  std::int64_t memory = 0;
  std::string modified;
  std::string state;  // of its kill switch
};

class FunctionsCommand final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "functions"; }
  [[nodiscard]] std::string summary() const override {
    return "list the functions of all services";
  }

  void define(CLI::App& app) override {
    app.add_option("--service", service_, "only this service's");
    app.footer(
        "Examples:\n  convoke functions\n"
        "  convoke functions --json | jq -r '.[].functionName'");
  }

  Outcome<ExitCode> run(Session& session) override {
    Outcome<std::vector<std::string>> services = list_services(session.api);
    if (!services) return services.failure();
    JsonWriter json;
    json.begin_array();
    std::vector<Row> rows;
    for (const std::string& service : *services) {
      const auto each = [&](simdjson::dom::element function) {
        write_function(json, service, function);
        rows.push_back(row_of(service, function));
      };
      const std::string path = fmt::format("{}/services/{}/functions", kApiRoot, service);
      Outcome<Listed> listed = for_each_listed(session.api, {path, "functions"}, each);
      if (!listed) return listed.failure();
    }
    json.end_array();
    session.json() ? fmt::print("{}\n", json.text()) : print(rows);
    return ExitCode::kOk;
  }

 private:
  Outcome<std::vector<std::string>> list_services(ApiClient& api) const {
    std::vector<std::string> names;
    if (!service_.empty()) return std::vector<std::string>{percent_encoded(service_)};
    const auto each = [&](simdjson::dom::element service) {
      names.push_back(text_of(service, "serviceName"));
    };
    Outcome<Listed> listed =
        for_each_listed(api, {fmt::format("{}/services", kApiRoot), "services"}, each);
    if (!listed) return listed.failure();
    return names;
  }

  // As the engine describes it, with its service: the API leaves that out.
  static void write_function(JsonWriter& json, const std::string& service,
                             simdjson::dom::element function) {
    json.begin_object();
    json.member("serviceName", std::string_view(service));
    simdjson::dom::object members;
    if (function.get(members) == simdjson::SUCCESS) {
      for (const auto& member : members) {
        json.key(member.key);
        json.raw(member.value);
      }
    }
    json.end_object();
  }

  static Row row_of(const std::string& service, simdjson::dom::element function) {
    Row row;
    row.name = FunctionName{service, text_of(function, "functionName")}.text();
    row.runtime = text_of(function, "runtime");
    row.handler = text_of(function, "handler");
    row.timeout = number_of(function, "timeout").value_or(0);
    row.memory = number_of(function, "memorySize").value_or(0);
    row.modified = text_of(function, "lastModifiedTime");
    simdjson::dom::element restriction;
    if (function["invocationRestriction"].get(restriction) == simdjson::SUCCESS) {
      row.state = "  " + restriction_text(restriction);
    }
    return row;
  }

  static void print(const std::vector<Row>& rows) {
    if (rows.empty()) {
      fmt::print(stderr, "no functions yet; convoke deploy DIR makes one\n");
      return;
    }
    std::size_t width = 4;
    for (const Row& row : rows) width = std::max(width, row.name.size());
    fmt::print("{:<{}}  {:<10} {:<20} {:>9} {:>8}  {}\n", "NAME", width, "RUNTIME", "HANDLER",
               "TIMEOUT", "MEMORY", "MODIFIED");
    for (const Row& row : rows) {
      fmt::print("{:<{}}  {:<10} {:<20} {:>7} s {:>5} MB  {}{}\n", row.name, width, row.runtime,
                 row.handler, row.timeout, row.memory, row.modified, row.state);
    }
  }

  std::string service_;
};

}  // namespace

CommandPtr make_functions_command() { return std::make_unique<FunctionsCommand>(); }

}  // namespace convoke::cli
