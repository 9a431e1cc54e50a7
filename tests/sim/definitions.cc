#include "tests/sim/definitions.h"

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "core/registry/recursion_config.h"

namespace convoke::sim {

Definitions::Definitions(Rng& rng, std::uint32_t count) : rng_(rng) {
  auto service = std::make_shared<Service>();
  service->name = "default";
  service_ = std::move(service);
  for (std::uint32_t i = 0; i < count; ++i) functions.push_back(made(fmt::format("f{}", i)));
  for (const FunctionPtr& function : functions) configs[function->id] = draw_config(*function);
}

// An outcome goes to functions of higher names alone: what goes in circles comes to no end.
std::optional<Destination> Definitions::draw_destination(const Function& function) {
  const std::uint64_t kind = rng_.below(4);
  if (kind == 0) return std::nullopt;
  const std::string to = function.spec.name.substr(0, 1) +
                         std::to_string(std::stoul(function.spec.name.substr(1)) + 1);
  const std::string text = kind == 1 ? "acs:fc:::services/default/functions/" + to
                                     : "http://receiver.example/" + function.spec.name;
  return *parse_destination("destination", text);
}

AsyncConfigPtr Definitions::draw_config(const Function& function) {
  auto config = std::make_shared<AsyncConfig>();
  config->service = "default";
  config->qualifier = kLatest;
  config->function = function.spec.name;
  config->function_id = function.id;
  config->on_success = draw_destination(function);
  config->on_failure = draw_destination(function);
  if (rng_.one_in(2)) config->retries_max = static_cast<std::uint32_t>(rng_.below(9));
  if (rng_.one_in(3)) config->age_max = Seconds{1 + rng_.below(rng_.one_in(2) ? 20 : 600)};
  if (rng_.one_in(4)) config->stateful = true;
  return config;
}

FunctionPtr Definitions::made(const std::string& name) {
  auto function = std::make_shared<Function>();
  function->id = FunctionId{next_id_++};
  function->spec.service = "default";
  function->spec.name = name;
  function->spec.timeout = Seconds{1 + rng_.below(rng_.one_in(4) ? 60 : 8)};
  function->spec.instance_concurrency =
      rng_.one_in(2) ? 1 : 2 + static_cast<unsigned>(rng_.below(3));
  if (Rng chance = rng_.fork("recursion"); !chance.one_in(4)) {
    RecursionRule rule;
    rule.limit = static_cast<std::uint8_t>(1 + chance.below(4));
    if (chance.one_in(2)) rule.budget.invocations = 1 + static_cast<std::uint32_t>(chance.below(6));
    function->extra.emplace(kRecursionMember, write_recursion(rule));
  }
  return function;
}

void Definitions::tell(std::uint64_t version,
                       const std::function<void(const Change&)>& apply) const {
  apply({version, ServicePut{service_}});
  for (const FunctionPtr& function : functions) {
    apply({version, FunctionPut{function}});
    apply({version, AsyncConfigPut{configs.at(function->id)}});
  }
}

}  // namespace convoke::sim
