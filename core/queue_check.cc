#include "core/queue_check.h"

#include <fmt/format.h>

#include "core/queue_server.h"
#include "core/shared_store.h"

namespace convoke {
namespace {

std::string described(const redis::Target& target, const redis::ServerFacts& facts) {
  std::string text = fmt::format("{} answers", target.text());
  if (!facts.version.empty()) text += ": Redis " + facts.version;
  if (facts.replicas) text += fmt::format(", with {} replicas that keep up", *facts.replicas);
  return text;
}

// What it would not say is taken to be as it must.
bool says_nothing(const redis::ServerSettings& settings) {
  return !settings.append_only && !settings.append_fsync && !settings.eviction;
}

}  // namespace

Result<std::vector<QueueFinding>> check_queue(const EngineOptions& options) {
  using Weight = QueueFinding::Weight;
  const auto target = queue_target(options);
  if (!target) return target.error();
  const auto durability = queue_durability(options);
  if (!durability) return durability.error();
  const auto seen = look_at_server(*target, Tries::kOne);
  if (!seen) return seen.error();
  std::vector<QueueFinding> findings{{Weight::kGood, described(*target, seen->facts)}};
  for (redis::Concern& one : redis::concerns(seen->facts, seen->settings, *durability)) {
    findings.push_back({one.grave ? Weight::kFault : Weight::kNote, std::move(one.text)});
  }
  if (says_nothing(seen->settings)) {
    findings.push_back({Weight::kNote,
                        "it does not say how it is set (CONFIG GET is refused): that it keeps what "
                        "it answers to is taken on trust"});
  }
  if (options.without_store == kServeWithoutStore) {
    findings.push_back(
        {Weight::kNote,
         "--without-store serve: when the server is away for longer than --engine-lease, an engine "
         "goes on with synchronous calls, on what it last knew. A kill switch that is set "
         "meanwhile "
         "is answered and does not stop it, and limits may be exceeded by what it runs"});
  }
  return findings;
}

}  // namespace convoke
