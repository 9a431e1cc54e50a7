// `convoke failed list|show|redrive|purge`: asynchronous calls that ended in failure.
#include <fmt/format.h>

#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>

#include "tools/call_name.h"
#include "tools/call_record.h"
#include "tools/command.h"
#include "tools/failed_calls.h"
#include "tools/function_name.h"
#include "tools/json.h"

namespace convoke::cli {
namespace {

constexpr const char* kFooter =
    R"(A call ends in failure when its retries are spent (Failed) or its maximum age is (Expired). It
stays here, with its event, until it is run again, purged, or older than the history is kept.

When something was broken and is mended:
  convoke failed list hello                      what failed, and why
  convoke failed show REQUEST                    one of them, with its event and its error
  convoke failed redrive hello --all --dry-run   what would run, the oldest first; changes nothing
  convoke failed redrive hello --limit 1         a canary: the oldest one
  convoke failed redrive hello --all --rate 20   the rest, 20 calls a second)";

constexpr const char* kRedriveFooter =
    R"(Each is accepted anew under a new request id, with the event it had, and leaves the list. What
fails meanwhile is left alone. What is refused (its function was deleted, say) stays, and makes the
exit code 3. If this is interrupted, what has been run again is off the list: repeat the command.)";

constexpr const char* kPurgeFooter =
    R"(Their events and errors are gone for good, the oldest first. To look before:
  convoke failed purge hello --all --dry-run)";

enum class Verb { kList, kShow, kRedrive, kPurge };

class FailedCommand final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "failed"; }
  [[nodiscard]] std::string summary() const override {
    return "asynchronous calls that failed: list, show, redrive, purge";
  }

  void define(CLI::App& app) override {
    app.require_subcommand(1);
    app.footer(kFooter);
    define_list(add(app, Verb::kList, "list", "the newest first"));
    CLI::App& show = add(app, Verb::kShow, "show", "one of them, with its event and its error");
    show.add_option("REQUEST", request_, "its request id")->required();
    CLI::App& redrive = add(app, Verb::kRedrive, "redrive", "run them again, the oldest first");
    define_choice(redrive);
    redrive.add_option("--rate", rate_, "so many calls a second at most")
        ->check(CLI::PositiveNumber);
    redrive.footer(kRedriveFooter);
    CLI::App& purge = add(app, Verb::kPurge, "purge", "forget them, the oldest first");
    define_choice(purge);
    purge.footer(kPurgeFooter);
  }

  Outcome<ExitCode> run(Session& session) override {
    if (verb_ == Verb::kShow) return show(session);
    Outcome<FailedChoice> choice = choice_of();
    if (!choice) return choice.failure();
    if (verb_ == Verb::kList) return list(session, *choice, FailedOrder::kNewestFirst);
    if (!all_ && !limit_) {
      return usage_failure("say how many: --limit N (the oldest N) or --all");
    }
    if (dry_run_) return list(session, *choice, FailedOrder::kOldestFirst);
    return work_through(session, *choice);
  }

 private:
  CLI::App& add(CLI::App& app, Verb verb, const std::string& word, const std::string& summary) {
    CLI::App* sub = app.add_subcommand(word, summary);
    sub->callback([this, verb] { verb_ = verb; });
    return *sub;
  }

  void define_name_and_limit(CLI::App& app, const std::string& about_limit) {
    app.add_option("NAME", name_, "FUNCTION or SERVICE/FUNCTION; without it, of all functions");
    CLI::Option* limit =
        app.add_option("-n,--limit", limit_, about_limit)->check(CLI::PositiveNumber);
    app.add_flag("--all", all_, "however many there are")->excludes(limit);
  }

  void define_list(CLI::App& app) {
    define_name_and_limit(app, fmt::format("at most so many [{}]", kListedByDefault));
  }

  void define_choice(CLI::App& app) {
    define_name_and_limit(app, "the oldest so many: a canary");
    app.add_flag("--dry-run", dry_run_, "show which, and change nothing");
  }

  [[nodiscard]] Outcome<FailedChoice> choice_of() const {
    FailedChoice choice;
    if (!name_.empty()) {
      Outcome<FunctionName> function = FunctionName::parse(name_);
      if (!function) return function.failure();
      choice.function = *function;
    }
    if (!all_) choice.most = limit_.value_or(kListedByDefault);
    return choice;
  }

  [[nodiscard]] Outcome<ExitCode> show(Session& session) const {
    Outcome<std::string> path = request_path(request_);
    if (!path) return path.failure();
    Outcome<ApiReply> reply = session.api.send_ok({"GET", *path + "?includePayload=true"});
    if (!reply) return reply.failure();
    JsonReader call;
    if (!call.parse(reply->body)) {
      return Failure{ExitCode::kUnreachable, "the engine's answer is no JSON", {}, {}};
    }
    session.json() ? fmt::print("{}\n", reply->body) : print_call(call.root());
    return ExitCode::kOk;
  }

  static Outcome<ExitCode> list(Session& session, const FailedChoice& choice, FailedOrder order) {
    CallTable table(CallTable::Of::kAll);
    JsonWriter json;
    json.begin_array();
    const auto each = [&](simdjson::dom::element call) {
      session.json() ? json.raw(call) : table.add(call);
    };
    Outcome<Listed> listed = for_each_failed(session.api, choice, order, each);
    if (!listed) return listed.failure();
    json.end_array();
    if (session.json()) {
      fmt::print("{}\n", json.text());
      return ExitCode::kOk;
    }
    table.print();
    std::fflush(stdout);
    if (table.empty()) fmt::print(stderr, "no failed calls\n");
    if (listed->more) fmt::print(stderr, "{} of more; --all shows every one\n", choice.most);
    return ExitCode::kOk;
  }

  Outcome<ExitCode> work_through(Session& session, const FailedChoice& choice) {
    const bool redrives = verb_ == Verb::kRedrive;
    const FailedWork work = work_through_failed(
        session.api, choice, redrives ? FailedDeed::kRedrive : FailedDeed::kPurge, pace_for(rate_));
    session.json() ? print_json(work, redrives ? "redriven" : "purged") : print_for_people(work);
    if (work.ended_by) return *work.ended_by;
    return work.refused.empty() ? ExitCode::kOk : ExitCode::kRefused;
  }

  static void print_json(const FailedWork& work, std::string_view what) {
    JsonWriter json;
    json.begin_object();
    json.key(what);
    json.begin_array();
    for (const std::string& id : work.done) json.value(std::string_view(id));
    json.end_array();
    json.key("refused");
    json.begin_array();
    for (const std::string& why : work.refused) json.value(std::string_view(why));
    json.end_array();
    json.end_object();
    fmt::print("{}\n", json.text());
  }

  void print_for_people(const FailedWork& work) const {
    for (const std::string& why : work.refused) fmt::print(stderr, "refused {}\n", why);
    fmt::print("{} {}{}\n",
               verb_ == Verb::kRedrive ? "accepted again:" : "purged:", work.done.size(),
               work.refused.empty() ? "" : fmt::format(", refused: {}", work.refused.size()));
  }

  static constexpr std::uint64_t kListedByDefault = 20;

  Verb verb_ = Verb::kList;
  std::string name_;
  std::string request_;
  std::optional<std::uint64_t> limit_;
  std::optional<std::uint64_t> rate_;
  bool all_ = false;
  bool dry_run_ = false;
};

}  // namespace

CommandPtr make_failed_command() { return std::make_unique<FailedCommand>(); }

}  // namespace convoke::cli
