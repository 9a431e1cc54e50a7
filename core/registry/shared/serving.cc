#include "core/registry/shared/serving.h"

#include <charconv>
#include <utility>

namespace convoke::shared_registry {
namespace {

redis::LinkOptions named(redis::LinkOptions link, std::string_view suffix) {
  if (!link.name.empty()) link.name += suffix;
  return link;
}

}  // namespace

Serving::Serving(const Options& options, const redis::LinkWorld& world, IoThread& thread,
                 CodeStore& code, Known known, RegistryOwner& owner, Rng rng)
    : keys_(options.prefix),
      alarm_(options.alarm),
      in_process_(options.in_process_handlers),
      owner_(owner),
      known_(std::move(known)),
      local_code_(code, thread),
      server_(world, named(options.link, "-registry"), rng.fork("server"), *this),
      carrier_(keys_, server_, [this] { committer_.on_progress(); }),
      feed_({keys_, server_, local_code_, carrier_, world.clock, world.wheel}, known_, *this),
      heart_({options.engine, options.lease}, keys_, server_, feed_, world.clock, world.wheel,
             known_.version, *this),
      committer_(
          {keys_, server_, feed_, local_code_, carrier_, world.clock, world.wheel, in_process_},
          options.engine, rng.fork("names"), *this),
      answers_(world.clock, world.wheel, options.lease,
               [this] {
                 heart_.beat();
                 heart_.look();
               }),
      subscription_(world, server_.for_hearing(named(options.link, "-registry-changes")),
                    {keys_.committed, keys_.confirmed}, rng.fork("subscription"), *this) {}

void Serving::on_server() {
  last_trouble_.clear();
  feed_.catch_up();
  heart_.beat();
}

// Once for each, until the server is there again: it is sought every few seconds.
void Serving::on_trouble(const Error& why) {
  if (why.message == last_trouble_) return;
  last_trouble_ = why.message;
  alarm_(why.message);
}

void Serving::on_message(std::string_view channel, std::string_view payload) {
  if (channel == keys_.confirmed) {
    if (answers_.waits_for_others()) heart_.beat();
    return;
  }
  std::uint64_t version = 0;
  const char* const end = payload.data() + payload.size();
  if (std::from_chars(payload.data(), end, version).ptr == end) feed_.heard_of(version);
}

// To the answers before the shards: they may be told of it as soon as all have applied it.
void Serving::on_known(RegistryStep step, const std::string& by) {
  committer_.on_known(step, by);
  owner_.on_step(std::move(step));
}

void Serving::applied(std::uint64_t version) {
  answers_.on_applied(version);
  heart_.on_applied(version);
}

void Serving::collect_code(std::vector<std::string> in_use) {
  local_code_.collect(std::move(in_use), known_.directory.all_functions());
}

}  // namespace convoke::shared_registry
