// `convoke list NAME`: a function's asynchronous calls that have a name.
#include <fmt/format.h>

#include <cstdint>
#include <cstdio>
#include <string>

#include "tools/call_name.h"
#include "tools/call_record.h"
#include "tools/command.h"
#include "tools/function_name.h"
#include "tools/json.h"
#include "tools/listing.h"

namespace convoke::cli {
namespace {

constexpr const char* kFooter =
    R"(The newest first, by the time they were accepted. Calls without a name are not listed unless
they failed (convoke failed list).

Examples:
  convoke list hello
  convoke list hello --status Running
  convoke list shop/checkout --prefix nightly- --limit 5
  convoke list hello --all --json | jq -r '.[] | select(.status == "Failed") | .invocationId')";

class ListCommand final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "list"; }
  [[nodiscard]] std::string summary() const override {
    return "list a function's asynchronous calls that have a name";
  }

  void define(CLI::App& app) override {
    app.add_option("NAME", name_, "FUNCTION or SERVICE/FUNCTION")->required();
    app.add_option("--status", status_, "only those that stand so")
        ->transform(CLI::IsMember({"Enqueued", "Dequeued", "Running", "Retrying", "Succeeded",
                                   "Failed", "Stopping", "Stopped", "Expired", "Invalid"},
                                  CLI::ignore_case));
    app.add_option("--prefix", prefix_, "only those whose id begins so");
    CLI::Option* limit = app.add_option("-n,--limit", limit_, "at most so many")
                             ->check(CLI::PositiveNumber)
                             ->capture_default_str();
    app.add_flag("--all", all_, "however many there are")->excludes(limit);
    app.footer(kFooter);
  }

  Outcome<ExitCode> run(Session& session) override {
    Outcome<FunctionName> function = FunctionName::parse(name_);
    if (!function) return function.failure();
    CallTable table(CallTable::Of::kFunction);
    JsonWriter json;
    json.begin_array();
    const auto each = [&](simdjson::dom::element call) {
      session.json() ? json.raw(call) : table.add(call);
    };
    Outcome<Listed> listed = for_each_listed(session.api, listing_of(*function), each);
    if (!listed) return listed.failure();
    json.end_array();
    if (session.json()) {
      fmt::print("{}\n", json.text());
    } else {
      print_for_people(table, listed->more);
    }
    return ExitCode::kOk;
  }

 private:
  [[nodiscard]] Listing listing_of(const FunctionName& function) const {
    Listing listing{stateful_path(function), "invocations"};
    if (!status_.empty()) listing.query += "&status=" + percent_encoded(status_);
    if (!prefix_.empty()) listing.query += "&invocationIdPrefix=" + percent_encoded(prefix_);
    if (!all_) listing.most = limit_;
    return listing;
  }

  void print_for_people(const CallTable& table, bool more) const {
    table.print();
    std::fflush(stdout);
    if (table.empty()) fmt::print(stderr, "no such calls\n");
    if (more) fmt::print(stderr, "the newest {}; --all shows every one\n", limit_);
  }

  std::string name_;
  std::string status_;
  std::string prefix_;
  std::uint64_t limit_ = 20;
  bool all_ = false;
};

}  // namespace

CommandPtr make_list_command() { return std::make_unique<ListCommand>(); }

}  // namespace convoke::cli
