#include "core/registry/directory.h"

#include <algorithm>

#include "core/model/error.h"

namespace convoke {
namespace {

// Names with a prefix lie side by side in an ordered map, and none of them is below the prefix.
template <class Map, class Project>
auto page_of(const Map& map, const ListQuery& query, Project project) {
  Page<decltype(project(map.begin()->second))> page;
  const std::string& from = query.next_token.empty() ? query.start_key : query.next_token;
  for (auto at = map.lower_bound(std::max(query.prefix, from)); at != map.end(); ++at) {
    if (!std::string_view(at->first).starts_with(query.prefix)) break;
    if (page.items.size() == query.limit) {
      page.next_token = at->first;
      break;
    }
    page.items.push_back(project(at->second));
  }
  return page;
}

auto with_qualifier(std::string_view qualifier) {
  return [qualifier](const LimitPtr& limit) { return limit->qualifier == qualifier; };
}

}  // namespace

std::size_t Directory::HashFullName::operator()(const FullName& full) const noexcept {
  const std::hash<std::string_view> hash;
  return hash(full.service) * 0x9e3779b97f4a7c15ULL + hash(full.name);
}

void Directory::apply(const Change& change) {
  ENSURE(change.version >= version_);
  version_ = change.version;
  std::visit([this](const auto& what) { on(what); }, change.what);
}

void Directory::on(const ServicePut& put) { services_[put.service->name].service = put.service; }

void Directory::on(const ServiceGone& gone) {
  const auto at = services_.find(gone.name);
  if (at == services_.end()) return;
  ENSURE(at->second.functions.empty());
  on(SwitchGone{{gone.name, {}}, {}});
  services_.erase(at);
}

void Directory::on(const FunctionPut& put) {
  const FunctionSpec& spec = put.function->spec;
  const FullName full{spec.service, spec.name};
  const auto service = services_.find(spec.service);
  ENSURE(service != services_.end());
  by_name_.erase(full);  // its key views the older revision, which may go now
  by_name_.emplace(full, put.function);
  service->second.functions[spec.name] = put.function;
  by_id_[put.function->id].function = put.function;
}

void Directory::on(const FunctionGone& gone) {
  const auto at = by_id_.find(gone.id);
  if (at == by_id_.end()) return;
  for (const LimitPtr& limit : at->second.limits) limits_.erase(limit->resource);
  triggers_ -= at->second.triggers.size();
  on(SwitchGone{{gone.service, gone.name}, gone.id});
  by_name_.erase(FullName{gone.service, gone.name});
  services_.find(gone.service)->second.functions.erase(gone.name);
  by_id_.erase(at);
}

void Directory::on(const LimitPut& put) {
  const auto at = by_id_.find(put.limit->function_id);
  ENSURE(at != by_id_.end());
  std::vector<LimitPtr>& limits = at->second.limits;
  std::erase_if(limits, with_qualifier(put.limit->qualifier));
  limits.push_back(put.limit);
  limits_[put.limit->resource] = put.limit;
}

void Directory::on(const LimitGone& gone) {
  const auto at = by_id_.find(gone.function_id);
  if (at == by_id_.end()) return;
  std::erase_if(at->second.limits,
                [&](const LimitPtr& limit) { return limit->resource == gone.resource; });
  limits_.erase(gone.resource);
}

void Directory::on(const AsyncConfigPut& put) {
  const auto at = by_id_.find(put.config->function_id);
  ENSURE(at != by_id_.end());
  at->second.async_configs[put.config->qualifier] = put.config;
}

void Directory::on(const AsyncConfigGone& gone) {
  const auto at = by_id_.find(gone.function_id);
  if (at != by_id_.end()) at->second.async_configs.erase(gone.qualifier);
}

void Directory::on(const TriggerPut& put) {
  const auto at = by_id_.find(put.trigger->function_id);
  ENSURE(at != by_id_.end());
  const bool added = at->second.triggers.insert_or_assign(put.trigger->name, put.trigger).second;
  triggers_ += added ? 1 : 0;
}

void Directory::on(const TriggerGone& gone) {
  const auto at = by_id_.find(gone.function_id);
  if (at != by_id_.end()) triggers_ -= at->second.triggers.erase(gone.name);
}

void Directory::on(const SwitchPut& put) { switches_[put.kill_switch->scope] = put.kill_switch; }

void Directory::on(const SwitchGone& gone) { switches_.erase(gone.scope); }

void Directory::on(const TreeStopped& stopped) {
  std::erase_if(stopped_trees_,
                [&](const auto& entry) { return is_over(*entry.second, stopped.tree->since); });
  stopped_trees_[stopped.tree->root] = stopped.tree;
}

void Directory::on(const TreeForgotten& forgotten) { stopped_trees_.erase(forgotten.root); }

std::vector<StoppedTreePtr> Directory::stopped_trees() const {
  std::vector<StoppedTreePtr> all;
  all.reserve(stopped_trees_.size());
  for (const auto& [root, tree] : stopped_trees_) all.push_back(tree);
  std::sort(all.begin(), all.end(), [](const StoppedTreePtr& a, const StoppedTreePtr& b) {
    return a->version > b->version;
  });
  return all;
}

Directory::Covering Directory::switches_over(std::string_view service,
                                             std::string_view name) const {
  if (switches_.empty()) return {};
  const auto find = [this](std::string_view of_service, std::string_view function) {
    const auto at = switches_.find(ScopeLess::View{of_service, function});
    return at == switches_.end() ? nullptr : at->second.get();
  };
  return {find(service, name), find(service, {}), find({}, {})};
}

SwitchPtr Directory::find_switch(const SwitchScope& scope) const {
  const auto at = switches_.find(scope);
  return at == switches_.end() ? nullptr : at->second;
}

std::vector<SwitchPtr> Directory::switches() const {
  std::vector<SwitchPtr> all;
  for (const auto& [scope, kill_switch] : switches_) all.push_back(kill_switch);
  return all;
}

ServicePtr Directory::find_service(std::string_view name) const {
  const auto at = services_.find(name);
  return at == services_.end() ? nullptr : at->second.service;
}

FunctionPtr Directory::find_function(std::string_view service, std::string_view name) const {
  const auto at = by_name_.find(FullName{service, name});
  return at == by_name_.end() ? nullptr : at->second;
}

FunctionPtr Directory::find_function(FunctionId id) const {
  const auto at = by_id_.find(id);
  return at == by_id_.end() ? nullptr : at->second.function;
}

std::optional<std::uint32_t> Directory::limit_of(FunctionId id, std::string_view qualifier) const {
  const auto at = by_id_.find(id);
  if (at == by_id_.end()) return std::nullopt;
  const std::vector<LimitPtr>& limits = at->second.limits;
  const auto limit = std::find_if(limits.begin(), limits.end(), with_qualifier(qualifier));
  if (limit == limits.end()) return std::nullopt;
  return (*limit)->maximum_instance_count;
}

std::size_t Directory::limits_of(FunctionId id) const {
  const auto at = by_id_.find(id);
  return at == by_id_.end() ? 0 : at->second.limits.size();
}

LimitPtr Directory::find_limit(std::string_view resource) const {
  const auto at = limits_.find(resource);
  return at == limits_.end() ? nullptr : at->second;
}

AsyncConfigPtr Directory::async_config_of(FunctionId id, std::string_view qualifier) const {
  const auto at = by_id_.find(id);
  if (at == by_id_.end()) return nullptr;
  const auto config = at->second.async_configs.find(qualifier.empty() ? kLatest : qualifier);
  return config == at->second.async_configs.end() ? nullptr : config->second;
}

std::size_t Directory::async_configs_of(FunctionId id) const {
  const auto at = by_id_.find(id);
  return at == by_id_.end() ? 0 : at->second.async_configs.size();
}

TriggerPtr Directory::find_trigger(FunctionId id, std::string_view name) const {
  const auto at = by_id_.find(id);
  if (at == by_id_.end()) return nullptr;
  const auto trigger = at->second.triggers.find(name);
  return trigger == at->second.triggers.end() ? nullptr : trigger->second;
}

std::size_t Directory::triggers_of(FunctionId id) const {
  const auto at = by_id_.find(id);
  return at == by_id_.end() ? 0 : at->second.triggers.size();
}

TriggerPtr Directory::http_trigger_of(FunctionId id, std::string_view qualifier) const {
  const auto at = by_id_.find(id);
  if (at == by_id_.end()) return nullptr;
  for (const auto& [name, trigger] : at->second.triggers) {
    if (trigger->as<HttpTrigger>() != nullptr && same_qualifier(trigger->qualifier, qualifier))
      return trigger;
  }
  return nullptr;
}

Page<ServicePtr> Directory::list_services(const ListQuery& query) const {
  return page_of(services_, query, [](const ServiceEntry& entry) { return entry.service; });
}

Page<FunctionPtr> Directory::list_functions(std::string_view service,
                                            const ListQuery& query) const {
  const auto at = services_.find(service);
  if (at == services_.end()) return {};
  return page_of(at->second.functions, query, [](const FunctionPtr& function) { return function; });
}

Page<LimitPtr> Directory::list_limits(const ListQuery& query) const {
  return page_of(limits_, query, [](const LimitPtr& limit) { return limit; });
}

Page<AsyncConfigPtr> Directory::list_async_configs(FunctionId id, const ListQuery& query) const {
  const auto at = by_id_.find(id);
  if (at == by_id_.end()) return {};
  return page_of(at->second.async_configs, query,
                 [](const AsyncConfigPtr& config) { return config; });
}

Page<TriggerPtr> Directory::list_triggers(FunctionId id, const ListQuery& query) const {
  const auto at = by_id_.find(id);
  if (at == by_id_.end()) return {};
  return page_of(at->second.triggers, query, [](const TriggerPtr& trigger) { return trigger; });
}

DomainPtr Directory::find_domain(std::string_view host) const {
  const auto at = domains_.find(host);
  return at == domains_.end() ? nullptr : at->second;
}

Page<DomainPtr> Directory::list_domains(const ListQuery& query) const {
  return page_of(domains_, query, [](const DomainPtr& domain) { return domain; });
}

bool Directory::has_functions(std::string_view service) const {
  const auto at = services_.find(service);
  return at != services_.end() && !at->second.functions.empty();
}

std::vector<FunctionPtr> Directory::all_functions() const {
  std::vector<FunctionPtr> all;
  all.reserve(by_id_.size());
  for (const auto& [name, entry] : services_) {
    for (const auto& [function_name, function] : entry.functions) all.push_back(function);
  }
  return all;
}

std::vector<TriggerPtr> Directory::all_triggers() const {
  std::vector<TriggerPtr> all;
  all.reserve(triggers_);
  for (const FunctionPtr& function : all_functions()) {
    for (const auto& [name, trigger] : by_id_.at(function->id).triggers) all.push_back(trigger);
  }
  return all;
}

}  // namespace convoke
