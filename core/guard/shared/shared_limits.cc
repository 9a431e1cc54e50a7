#include "core/guard/shared/shared_limits.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "queue/redis/keys.h"
#include "queue/redis/lease.h"
#include "queue/redis/script.h"

namespace convoke {

extern const std::string_view share_lua;  // NOLINT(readability-identifier-naming): the file's name

const redis::Script& share_script() {
  static const redis::Script script(share_lua);
  return script;
}

namespace {

constexpr Millis kTick{250};
constexpr Millis kTickWhileShrinking{20};
// What was got from nothing is kept so long, whoever starves: an instance has to be worth its
// start.
constexpr Seconds kTenure{1};

Demand demand_of(const Gate& gate) {
  Demand demand;
  demand.places = gate.places();
  demand.waits = gate.anyone_waits();
  const std::uint32_t idle = demand.waits ? 0 : std::min(demand.places, gate.all_free_slots());
  demand.busy = demand.places - idle;
  return demand;
}

redis::LinkOptions named(redis::LinkOptions link, const char* name) {
  link.name = name;
  return link;
}

// Of what fell with the limit: so that all parts together are within it.
std::uint32_t in_proportion(std::uint32_t share, std::uint32_t before, std::uint32_t now) {
  if (now >= before) return share;
  return static_cast<std::uint32_t>(std::uint64_t{share} * now / before);
}

}  // namespace

SharedLimits::SharedLimits(SharedLimitsOptions options, const redis::LinkWorld& world,
                           GateTable& gates, Rng rng, Post post, Changed changed)
    : options_(std::move(options)),
      channel_(options_.prefix + ":hungry"),
      clock_(world.clock),
      wheel_(world.wheel),
      gates_(gates),
      post_(std::move(post)),
      changed_(std::move(changed)),
      server_(world, named(options_.link, "convoke-limits"), rng.fork("server"), *this),
      subscription_(world, server_.for_hearing(named(options_.link, "convoke-limits-hears")),
                    {channel_}, rng.fork("subscription"), *this) {}

// ---- who wants what ----

// Whoever has just been refused asks again with the next tick.
void SharedLimits::want(FunctionId function) {
  post_([this, function] {
    Part& part = part_of(function);
    part.gate->wanted();
    if (clock_.now() >= part.patient_until) ask(function, part);
  });
}

void SharedLimits::on_message(std::string_view /*channel*/, std::string_view text) {
  const auto function = redis::parse_function(text);
  if (!function) return;
  const auto found = parts_.find(*function);
  if (found != parts_.end()) ask(*function, found->second);
}

void SharedLimits::on_limit(FunctionId function, std::uint32_t before, std::uint32_t now) {
  const auto found = parts_.find(function);
  if (found == parts_.end()) return;
  Part& part = found->second;
  const bool was_shared = before != kUnlimited && now != kUnlimited;
  part.share = was_shared ? in_proportion(part.share, before, now) : 0;
  part.gate->set_share(std::min(part.gate->share(), part.share));
  ask(function, part);
}

SharedLimits::Part& SharedLimits::part_of(FunctionId function) {
  Part& part = parts_[function];
  if (!part.gate) part.gate = gates_.of(function);
  if (!tick_.scheduled()) wheel_.schedule(tick_, clock_.now() + kTick);
  return part;
}

// ---- asking ----

std::uint32_t SharedLimits::to_ask_for(const Part& part) const {
  const std::uint32_t limit = part.gate->limit();
  if (limit == kUnlimited) return 0;
  const Demand demand = demand_of(*part.gate);
  const std::uint32_t kept =
      places_kept(demand, part.share, limit, part.rivals, clock_.now() - part.grown_at >= kTenure);
  if (kept < part.share) return std::max(kept, std::min(demand.places, part.share));
  return places_wanted(demand, part.share, limit);
}

void SharedLimits::ask(FunctionId function, Part& part) {
  if (part.asking) {
    part.ask_again = true;
    return;
  }
  if (!server_.ready()) return;
  part.asking = true;
  part.limit = part.gate->limit();
  part.wanted = to_ask_for(part);
  const bool shared = part.limit != kUnlimited;
  const Duration lasts = redis::dead_after(options_.lease);
  redis::Command command = share_script().call(1);
  command.arg(fmt::format("{{{}:{}}}:s", options_.prefix, function.value)).arg(options_.engine);
  command.arg(shared ? part.limit : 0).arg(part.wanted);
  command.arg(shared ? std::min(part.gate->places(), part.limit) : 0);
  command.arg(std::chrono::duration_cast<Millis>(lasts).count());
  command.arg(channel_).arg(function.value);
  server_.call(share_script(), std::move(command),
               [this, function, sent = clock_.now()](const redis::Answer& answer) {
                 on_asked(function, sent, answer);
               });
}

void SharedLimits::on_asked(FunctionId function, Instant sent, const redis::Answer& answer) {
  const auto found = parts_.find(function);
  if (found == parts_.end()) return;
  Part& part = found->second;
  part.asking = false;
  const bool again = std::exchange(part.ask_again, false) || part.limit != part.gate->limit();
  // What was granted for another limit is not taken; what the server believes is more than that.
  if (answer.ok() && part.limit == part.gate->limit()) {
    const auto number = [&answer](std::size_t i) {
      return static_cast<std::uint32_t>(answer.reply[i].integer().value_or(0));
    };
    const std::uint32_t before = std::exchange(part.share, number(0));
    if (before == 0 && part.share > 0) part.grown_at = clock_.now();
    part.rivals = {number(2), number(3), number(4)};
    part.until = sent + options_.lease;
    part.renew_at = sent + redis::beat_every(options_.lease);
    if (part.share < part.wanted) part.patient_until = clock_.now() + kTick;
    settle(function, part);
    const bool grew = part.share > before;
    if (grew && part.gate->anyone_waits() && part.share < part.limit && part.rivals.hungry == 0) {
      return ask(function, part);
    }
  }
  if (again) ask(function, part);
}

// What is spare leaves; the server hears of it when it has.
void SharedLimits::settle(FunctionId function, Part& part) {
  const std::uint32_t kept = places_kept(demand_of(*part.gate), part.share, part.gate->limit(),
                                         part.rivals, clock_.now() - part.grown_at >= kTenure);
  if (part.gate->share() == kept) return;
  part.gate->set_share(kept);
  changed_(function);
}

// ---- as time goes on ----

void SharedLimits::tick() {
  bool shrinking = false;
  for (auto at = parts_.begin(); at != parts_.end();) {
    Part& part = at->second;
    if (!look(at->first, part)) {
      at = parts_.erase(at);
      continue;
    }
    shrinking |= part.gate->places() > part.gate->share();
    ++at;
  }
  if (parts_.empty()) return;
  wheel_.schedule(tick_, clock_.now() + (shrinking ? kTickWhileShrinking : kTick));
}

bool SharedLimits::look(FunctionId function, Part& part) {
  const Instant now = clock_.now();
  if (part.share > 0 && now >= part.until && !options_.outlives_server) {
    part.share = 0;
    part.gate->set_share(0);
    changed_(function);
  }
  const Demand demand = demand_of(*part.gate);
  const bool idle = demand.places == 0 && !demand.waits;
  if (idle && part.share == 0 && !part.asking) return false;
  const bool hungry = demand.waits && part.share < part.gate->limit();
  const bool shrunk = part.gate->share() < part.share && demand.places < part.share;
  const bool unused = idle && now - part.grown_at >= kTenure;
  const bool contested = part.rivals.hungry > 0;  // it may be their turn by now
  if (hungry || shrunk || unused || contested || now >= part.renew_at) ask(function, part);
  return true;
}

}  // namespace convoke
