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

std::string about_cluster(const redis::Target& target, std::size_t masters) {
  return fmt::format(
      "{} is a node of a Redis Cluster of {} masters, each of which must keep what "
      "it accepts",
      target.text(), masters);
}

// Of one among several, it is said which.
void add_findings(const QueueServer& server, redis::Durability durability,
                  std::vector<QueueFinding>& findings) {
  using Weight = QueueFinding::Weight;
  const std::string which = server.facts.cluster ? server.target.text() + ": " : "";
  findings.push_back({Weight::kGood, described(server.target, server.facts)});
  for (const redis::Concern& one : redis::concerns(server.facts, server.settings, durability)) {
    findings.push_back({one.grave ? Weight::kFault : Weight::kNote, which + one.text});
  }
  if (says_nothing(server.settings)) {
    findings.push_back(
        {Weight::kNote, which + "it does not say how it is set (CONFIG GET is refused): that it "
                                "keeps what it answers to is taken on trust"});
  }
}

}  // namespace

Result<std::vector<QueueFinding>> check_queue(const EngineOptions& options) {
  using Weight = QueueFinding::Weight;
  const auto target = queue_target(options);
  if (!target) return target.error();
  const auto durability = queue_durability(options);
  if (!durability) return durability.error();
  const auto servers = look_at_servers(*target, Tries::kOne);
  if (!servers) return servers.error();
  std::vector<QueueFinding> findings;
  if (servers->front().facts.cluster) {
    findings.push_back({Weight::kGood, about_cluster(*target, servers->size())});
    const auto refused = redis::cluster_refusal(*durability);
    if (refused) findings.push_back({Weight::kFault, refused->message});
  }
  for (const QueueServer& one : *servers) add_findings(one, *durability, findings);
  if (options.without_store == kServeWithoutStore) {
    findings.push_back(
        {Weight::kNote,
         "--without-store serve: when the server is away for longer than --engine-lease, an engine "
         "goes on with synchronous calls, on what it last knew. A kill switch that is set "
         "meanwhile is answered and does not stop it, and limits may be exceeded by what it runs"});
  }
  return findings;
}

}  // namespace convoke
