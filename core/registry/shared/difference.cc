#include "core/registry/shared/difference.h"

#include <fmt/core.h>

#include <limits>
#include <map>
#include <memory>
#include <utility>

#include "core/registry/shared/row_json.h"

namespace convoke::shared_registry {
namespace {

ListQuery everything() {
  ListQuery all;
  all.limit = std::numeric_limits<std::size_t>::max();
  return all;
}

Error stands_alone(std::string_view kind, const std::string& field) {
  return {ErrorCode::kInternalServerError,
          fmt::format("the {} '{}' in the registry belongs to nothing that is there", kind, field)};
}

class Difference {
 public:
  Difference(const Directory& known, const Rows& rows, const std::string& code_directory)
      : known_(known), rows_(rows), code_directory_(code_directory) {}

  Result<std::vector<Change>> find() {
    if (Result<void> read = read_functions(); !read) return read.error();
    if (Result<void> read = read_dependents(); !read) return read.error();
    if (Result<void> read = read_triggers(); !read) return read.error();
    end_triggers();
    end_what_is_gone();
    if (Result<void> put = put_services(); !put) return put.error();
    if (Result<void> put = put_domains(); !put) return put.error();
    for (const auto& [id, function] : functions_) put_function(function);
    for (const LimitPtr& limit : limits_) put_limit(limit);
    for (const AsyncConfigPtr& config : configs_) put_config(config);
    for (const TriggerPtr& trigger : triggers_) put_trigger(trigger);
    for (const SwitchPtr& one : switches_) put_switch(one);
    for (const StoppedTreePtr& tree : stopped_trees_) put_stopped_tree(tree);
    return std::move(changes_);
  }

 private:
  template <class What>
  void add(What what) {
    changes_.push_back({rows_.version, std::move(what)});
  }

  Result<void> read_functions() {
    for (const auto& [field, row] : rows_.functions) {
      Result<Function> function = function_from(row, code_directory_);
      if (!function) return function.error();
      if (rows_.services.count(function->spec.service) == 0) return stands_alone("function", field);
      const FunctionId id = function->id;
      functions_[id] = std::make_shared<const Function>(*std::move(function));
    }
    return {};
  }

  Result<void> read_dependents() {
    for (const auto& [field, row] : rows_.limits) {
      Result<OnDemandLimit> limit = limit_from(row);
      if (!limit) return limit.error();
      if (functions_.count(limit->function_id) == 0) return stands_alone("limit", field);
      limits_.push_back(std::make_shared<const OnDemandLimit>(*std::move(limit)));
    }
    for (const auto& [field, row] : rows_.async_configs) {
      Result<AsyncConfig> config = async_config_from(row);
      if (!config) return config.error();
      if (functions_.count(config->function_id) == 0) return stands_alone("async config", field);
      configs_.push_back(std::make_shared<const AsyncConfig>(*std::move(config)));
    }
    if (Result<void> read = read_switches(); !read) return read.error();
    return read_stopped_trees();
  }

  Result<void> read_stopped_trees() {
    for (const auto& [field, row] : rows_.stopped_trees) {
      Result<StoppedTree> tree = stopped_tree_from(row);
      if (!tree) return tree.error();
      stopped_trees_.push_back(std::make_shared<const StoppedTree>(*std::move(tree)));
    }
    return {};
  }

  // A wide one stands by itself.
  Result<void> read_switches() {
    for (const auto& [field, row] : rows_.switches) {
      Result<KillSwitch> one = switch_from(row);
      if (!one) return one.error();
      const bool of_function = !one->scope.function.empty();
      if (of_function && functions_.count(one->function_id) == 0)
        return stands_alone("kill switch", field);
      switches_.push_back(std::make_shared<const KillSwitch>(*std::move(one)));
    }
    return {};
  }

  Result<void> read_triggers() {
    for (const auto& [field, row] : rows_.triggers) {
      Result<Trigger> trigger = trigger_from(row);
      if (!trigger) return trigger.error();
      if (functions_.count(trigger->function_id) == 0) return stands_alone("trigger", field);
      triggers_.push_back(std::make_shared<const Trigger>(*std::move(trigger)));
    }
    return {};
  }

  // Before the functions that they belong to, which end without any.
  void end_triggers() {
    for (const TriggerPtr& trigger : known_.all_triggers()) {
      const std::string field = fmt::format("{} {}", trigger->function_id.value, trigger->name);
      if (rows_.triggers.count(field) == 0) add(TriggerGone{trigger->function_id, trigger->name});
    }
  }

  // A function that is gone takes its limits and async configs with it.
  void end_what_is_gone() {
    for (const FunctionPtr& function : known_.all_functions()) {
      if (functions_.count(function->id) == 0) {
        add(FunctionGone{function->id, function->spec.service, function->spec.name});
        continue;
      }
      for (const AsyncConfigPtr& config :
           known_.list_async_configs(function->id, everything()).items) {
        const std::string field = fmt::format("{} {}", function->id.value, config->qualifier);
        if (rows_.async_configs.count(field) == 0)
          add(AsyncConfigGone{function->id, config->qualifier});
      }
    }
    for (const LimitPtr& limit : known_.list_limits(everything()).items) {
      if (functions_.count(limit->function_id) > 0 && rows_.limits.count(limit->resource) == 0)
        add(LimitGone{limit->resource, limit->function_id});
    }
    for (const SwitchPtr& one : known_.switches()) {
      const bool goes_with_its_function =
          !one->scope.function.empty() && functions_.count(one->function_id) == 0;
      if (!goes_with_its_function && rows_.switches.count(one->scope.text()) == 0)
        add(SwitchGone{one->scope, one->function_id});
    }
    for (const StoppedTreePtr& tree : known_.stopped_trees()) {
      if (rows_.stopped_trees.count(tree->root.text()) == 0) add(TreeForgotten{tree->root});
    }
    for (const DomainPtr& domain : known_.list_domains(everything()).items) {
      if (rows_.domains.count(domain->name) == 0) add(DomainGone{domain->name});
    }
    for (const ServicePtr& service : known_.list_services(everything()).items) {
      if (rows_.services.count(service->name) == 0) add(ServiceGone{service->name});
    }
  }

  Result<void> put_services() {
    for (const auto& [name, row] : rows_.services) {
      Result<Service> service = service_from(row);
      if (!service) return service.error();
      if (service->name != name) return stands_alone("service", name);
      const ServicePtr before = known_.find_service(service->name);
      if (before && row_of(*before) == row) continue;
      add(ServicePut{std::make_shared<const Service>(*std::move(service))});
    }
    return {};
  }

  Result<void> put_domains() {
    for (const auto& [name, row] : rows_.domains) {
      Result<CustomDomain> domain = domain_from(row);
      if (!domain) return domain.error();
      if (domain->name != name) return stands_alone("custom domain", name);
      const DomainPtr before = known_.find_domain(name);
      if (before && row_of(*before) == row) continue;
      add(DomainPut{std::make_shared<const CustomDomain>(*std::move(domain))});
    }
    return {};
  }

  void put_function(const FunctionPtr& function) {
    const FunctionPtr before = known_.find_function(function->id);
    if (!before || row_of(*before) != row_of(*function)) add(FunctionPut{function});
  }
  void put_limit(const LimitPtr& limit) {
    const LimitPtr before = known_.find_limit(limit->resource);
    if (!before || row_of(*before) != row_of(*limit)) add(LimitPut{limit});
  }
  void put_config(const AsyncConfigPtr& config) {
    const AsyncConfigPtr before = known_.async_config_of(config->function_id, config->qualifier);
    if (!before || row_of(*before) != row_of(*config)) add(AsyncConfigPut{config});
  }

  void put_trigger(const TriggerPtr& trigger) {
    const TriggerPtr before = known_.find_trigger(trigger->function_id, trigger->name);
    if (!before || row_of(*before) != row_of(*trigger)) add(TriggerPut{trigger});
  }

  void put_switch(const SwitchPtr& one) {
    const SwitchPtr before = known_.find_switch(one->scope);
    if (!before || *before != *one) add(SwitchPut{one});
  }

  void put_stopped_tree(const StoppedTreePtr& tree) {
    const StoppedTree* const before = known_.stopped_tree(tree->root);
    if (before == nullptr || *before != *tree) add(TreeStopped{tree});
  }

  const Directory& known_;
  const Rows& rows_;
  const std::string& code_directory_;
  std::map<FunctionId, FunctionPtr> functions_;
  std::vector<LimitPtr> limits_;
  std::vector<AsyncConfigPtr> configs_;
  std::vector<TriggerPtr> triggers_;
  std::vector<SwitchPtr> switches_;
  std::vector<StoppedTreePtr> stopped_trees_;
  std::vector<Change> changes_;
};

}  // namespace

Result<std::vector<Change>> difference(const Directory& known, const Rows& rows,
                                       const std::string& code_directory) {
  return Difference(known, rows, code_directory).find();
}

}  // namespace convoke::shared_registry
