// `convoke tree ID`: what a call caused, drawn.
#include <fmt/format.h>

#include <string>

#include "tools/command.h"
#include "tools/json.h"

namespace convoke::cli {
namespace {

constexpr const char* kFooter =
    R"(Draws all calls of which the first one is the root, each beneath its caller: function, how it stands,
how long its last attempt ran, and its request id. Any of them may be named on the engine that has
heard of it; on another engine of the same queue, the root.

Of each root the first 1,000 calls are kept, in memory; of roots that nothing was heard of for long,
none. What was cut is said.

Examples:
  convoke tree 5b4e0b3e-6d51-4a8c-9d0f-2f1d3c1e7a10
  convoke tree 5b4e0b3e-6d51-4a8c-9d0f-2f1d3c1e7a10 --json | jq '.calls[] | select(.status == "Running")')";

std::string seconds_text(std::int64_t ms) {
  return fmt::format("{:.3f} s", static_cast<double>(ms) / 1000);
}

// What it stands beneath is to be seen from how far it stands in.
void print_call(simdjson::dom::element call) {
  const std::int64_t depth = number_of(call, "depth").value_or(0);
  const std::string function = text_of(call, "functionName");
  const std::string status = text_of(call, "status");
  std::string how = depth == 0 && status == "Unknown" ? "root" : status;
  if (number_of(call, "startedTime").value_or(0) > 0) {
    how += " " + seconds_text(number_of(call, "durationMs").value_or(0));
  }
  if (const auto attempts = number_of(call, "attempts").value_or(0); attempts > 1) {
    how += fmt::format(" ({} attempts)", attempts);
  }
  fmt::print("{:{}}{:<{}}  {:<24}  {}\n", "", 2 * depth,
             function.empty() ? "a deleted function" : function,
             depth < 16 ? 40 - 2 * depth : std::int64_t{8}, how, text_of(call, "requestId"));
}

class TreeCommand final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "tree"; }
  [[nodiscard]] std::string summary() const override { return "draw what a call has caused"; }

  void define(CLI::App& app) override {
    app.add_option("ID", id_, "the request id of the root, or of any call of its tree")->required();
    app.footer(kFooter);
  }

  Outcome<ExitCode> run(Session& session) override {
    Outcome<ApiReply> reply =
        session.api.send_ok({"GET", "/convoke/trees/" + percent_encoded(id_)});
    if (!reply) return reply.failure();
    JsonReader tree;
    if (!tree.parse(reply->body)) {
      return Failure{ExitCode::kUnreachable, "the engine's answer is no JSON", {}, {}};
    }
    if (session.json()) {
      fmt::print("{}\n", reply->body);
    } else {
      print(tree.root());
    }
    return ExitCode::kOk;
  }

 private:
  static void print(simdjson::dom::element tree) {
    simdjson::dom::array calls;
    if (tree["calls"].get(calls) == simdjson::SUCCESS) {
      for (const simdjson::dom::element call : calls) print_call(call);
    }
    fmt::print("{} invocations, {} attempts, {} of running time\n",
               number_of(tree, "invocations").value_or(0), number_of(tree, "attempts").value_or(0),
               seconds_text(number_of(tree, "runningTimeMs").value_or(0)));
    const std::int64_t cut = number_of(tree, "cut").value_or(0);
    if (cut > 0) fmt::print("{} of them are not drawn: so many are not kept\n", cut);
  }

  std::string id_;
};

}  // namespace

CommandPtr make_tree_command() { return std::make_unique<TreeCommand>(); }

}  // namespace convoke::cli
