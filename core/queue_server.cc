#include "core/queue_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "core/loop/entropy.h"
#include "core/loop/loop.h"
#include "core/loop/wires.h"
#include "queue/redis/keys.h"
#include "queue/redis/pipeline.h"
#include "queue/redis/slot_map.h"

namespace convoke {
namespace {

using redis::Command;

// One answer, kept.
struct Said {
  bool refused = false;
  std::string text;                    // of a status, an error or a string
  std::optional<std::string> setting;  // of CONFIG GET
  std::optional<redis::SlotMap> map;   // of CLUSTER SLOTS
};

Said kept(const Command& asked, const redis::Target& target, const redis::Answer& answer) {
  Said said{!answer.ok(), std::string(answer.reply.text()), redis::parse_setting(answer.reply), {}};
  if (asked.word(0) != "CLUSTER") return said;
  auto map = redis::parse_slots(answer.reply, target.address);
  if (map) said.map = *std::move(map);
  if (!map) said.text = map.error().message;
  return said;
}

// Asks all of it each time that it is connected, until all was answered.
class Asking final : private redis::ConnectionOwner {
 public:
  Asking(const redis::Target& target, std::vector<Command> commands, Loop& loop, Wires& wires)
      : target_(target),
        commands_(std::move(commands)),
        pipeline_(redis::connect({wires, loop, loop.timers()},
                                 {target, "convoke", kServerPatience / 2, {}}, {},
                                 Rng::seeded(entropy_seed()), *this)) {}

  [[nodiscard]] bool done() const { return said_.size() == commands_.size(); }
  [[nodiscard]] const std::optional<Error>& trouble() const { return trouble_; }
  [[nodiscard]] unsigned troubles() const { return troubles_; }
  [[nodiscard]] std::vector<Said> said() const { return said_; }
  void flush() { pipeline_->flush(); }

 private:
  void on_ready() override {
    said_.clear();
    for (const Command& command : commands_) {
      pipeline_->send(command, [this, &command](const redis::Answer& answer) {
        if (answer.fate == redis::Fate::kReplied) said_.push_back(kept(command, target_, answer));
      });
    }
  }
  void on_lost(const Error& why) override {
    trouble_ = why;
    ++troubles_;
  }

  const redis::Target target_;
  const std::vector<Command> commands_;
  std::vector<Said> said_;
  std::optional<Error> trouble_;  // the last of them
  unsigned troubles_ = 0;
  const std::unique_ptr<redis::Pipeline> pipeline_;
};

Error another_key(const redis::Target& target, const std::string& key, std::string_view theirs,
                  std::string_view ours) {
  return {
      ErrorCode::kInvalidArgument,
      fmt::format("engines on {} make functions' credentials with token key {}, this one has {}, "
                  "and they would refuse each other's: give all of them the same file (serve "
                  "--token-key-file FILE; a copy of token.key in the first one's state will "
                  "do). To replace the key, stop them all and delete {} there",
                  target.text(), theirs, ours, key)};
}

Result<std::vector<Said>> ask(const redis::Target& target, std::vector<Command> commands,
                              Tries tries) {
  Loop loop;
  LoopWires wires(loop);
  Asking asking(target, std::move(commands), loop, wires);
  Timer look(nullptr, [](void*) {});
  const Instant end = loop.now() + kServerPatience;
  loop.timers().schedule(look, end);
  // A name may have an address of each family, and the server be at one of them.
  const unsigned enough = target.by_name() ? 2 : 1;
  while (!asking.done()) {
    if (loop.now() >= end || (asking.troubles() >= enough && tries == Tries::kOne)) break;
    loop.run_one_turn();
    asking.flush();
  }
  look.cancel();
  if (asking.done()) return asking.said();
  return Error{ErrorCode::kServiceUnavailable,
               asking.trouble() ? asking.trouble()->message
                                : fmt::format("Redis at {}: it does not answer", target.text())};
}

Result<QueueServer> look_at(const redis::Target& target, Tries tries) {
  std::vector<Command> commands{Command("INFO")};
  for (const redis::SettingName& setting : redis::setting_names()) {
    commands.push_back(Command("CONFIG").arg("GET").arg(setting.name));
  }
  const auto said = ask(target, std::move(commands), tries);
  if (!said) return said.error();
  QueueServer seen;
  seen.target = target;
  if (!said->front().refused) seen.facts = redis::parse_facts(said->front().text);
  for (std::size_t i = 0; i < redis::setting_names().size(); ++i) {
    seen.settings.*redis::setting_names()[i].at = (*said)[i + 1].setting;
  }
  return seen;
}

Result<std::vector<Address>> masters_of(const redis::Target& node, Tries tries) {
  const auto said = ask(node, {Command("CLUSTER").arg("SLOTS")}, tries);
  if (!said) return said.error();
  const Said& slots = said->front();
  const auto trouble = [&node](const std::string& why) {
    return Error{ErrorCode::kServiceUnavailable, fmt::format("Redis at {}: {}", node.text(), why)};
  };
  if (!slots.map) return trouble(slots.text);
  if (slots.map->uncovered() == 0) return slots.map->masters;
  return trouble(
      fmt::format("it is a node of a Redis Cluster that is not whole: nobody has {} of "
                  "its {} slots",
                  slots.map->uncovered(), redis::kSlots));
}

}  // namespace

Result<std::vector<QueueServer>> look_at_servers(const redis::Target& target, Tries tries) {
  auto named = look_at(target, tries);
  if (!named) return named.error();
  std::vector<QueueServer> servers;
  if (!named->facts.cluster) {
    servers.push_back(*std::move(named));
    return servers;
  }
  const auto masters = masters_of(target, tries);
  if (!masters) return masters.error();
  for (const Address& address : *masters) {
    auto seen = look_at(target.at(address), tries);
    if (!seen) return seen.error();
    servers.push_back(*std::move(seen));
  }
  return servers;
}

Result<redis::Target> find_usable(const redis::Target& target, redis::Durability durability) {
  const auto servers = look_at_servers(target, Tries::kMany);
  if (!servers) return servers.error();
  redis::Target usable = target;
  usable.cluster = servers->front().facts.cluster;
  for (const QueueServer& one : *servers) {
    auto refused = redis::refusal(one.facts);
    if (usable.cluster && !refused) refused = redis::cluster_refusal(durability);
    if (!refused) continue;
    return Error{refused->code, fmt::format("the queue's server {} cannot be used: {}",
                                            one.target.text(), refused->message)};
  }
  return usable;
}

Result<void> claim_token_key(const redis::Target& target, const std::string& fingerprint) {
  const std::string key = redis::SharedKeys(redis::kPrefixDefault).token_key;
  const auto said = ask(target,
                        {Command("GET").arg(key), Command("SETNX").arg(key).arg(fingerprint),
                         Command("GET").arg(key)},
                        Tries::kMany);
  if (!said) return said.error();
  // A full server refuses to be written to, also what is there already.
  const Said& there = said->front().text.empty() ? said->back() : said->front();
  if (there.text == fingerprint) return {};
  if (there.refused || there.text.empty()) {
    return Error{ErrorCode::kServiceUnavailable,
                 fmt::format("the queue's server {} does not keep the key {}: {}", target.text(),
                             key, (*said)[1].refused ? (*said)[1].text : there.text)};
  }
  return another_key(target, key, there.text, fingerprint);
}

}  // namespace convoke
