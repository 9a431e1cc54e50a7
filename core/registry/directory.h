// The registry as one thread sees it, in memory: every service, function, limit, async config,
// trigger, kill switch, stopped tree and custom domain.
//
// Each shard has its own and applies the same changes in the same order; so does the registry's
// thread, for what is committed. Pure; owner thread only. Pointers to values stay good for as long
// as somebody holds them; they then show an older revision.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/model/function.h"
#include "core/model/ids.h"
#include "core/registry/change.h"
#include "core/registry/custom_domain.h"
#include "core/registry/definitions.h"
#include "core/registry/trigger.h"

namespace convoke {

inline constexpr std::size_t kListLimitDefault = 20;
inline constexpr std::size_t kListLimitMax = 100;

// A page of a list in ascending order of names (limits: of resources; async configs: of
// qualifiers).
struct ListQuery {
  std::string prefix;      // only names that begin so
  std::string start_key;   // names from this one on, inclusive
  std::string next_token;  // of the page before; overrides start_key
  std::size_t limit = kListLimitDefault;
};
template <class Item>
struct Page {
  std::vector<Item> items;
  std::string next_token;  // "" on the last page; the first name of the next one
};

class Directory {
 public:
  // Changes come once each, in the order of their versions (at start: all with the same one).
  void apply(const Change& change);
  [[nodiscard]] std::uint64_t version() const { return version_; }  // of the last change applied

  [[nodiscard]] ServicePtr find_service(std::string_view name) const;  // nullptr when absent
  // One look-up, no allocation: on the way of every call.
  [[nodiscard]] FunctionPtr find_function(std::string_view service, std::string_view name) const;
  [[nodiscard]] FunctionPtr find_function(FunctionId id) const;
  // The limit for the function as a whole (qualifier ""), or for calls through exactly that
  // qualifier; nullopt: unlimited.
  [[nodiscard]] std::optional<std::uint32_t> limit_of(FunctionId id,
                                                      std::string_view qualifier = {}) const;
  [[nodiscard]] std::size_t limits_of(FunctionId id) const;  // how many, of all qualifiers
  [[nodiscard]] LimitPtr find_limit(std::string_view resource) const;
  // How calls through this qualifier are treated; nullptr: by the defaults. "" is LATEST; there is
  // no falling back from one qualifier to another. No allocation: on the way of every asynchronous
  // call.
  [[nodiscard]] AsyncConfigPtr async_config_of(FunctionId id, std::string_view qualifier) const;
  [[nodiscard]] std::size_t async_configs_of(FunctionId id) const;  // how many

  [[nodiscard]] TriggerPtr find_trigger(FunctionId id, std::string_view name) const;
  [[nodiscard]] std::size_t triggers_of(FunctionId id) const;  // how many
  // The one that answers requests through this qualifier; nullptr: there is none. "" is LATEST.
  [[nodiscard]] TriggerPtr http_trigger_of(FunctionId id, std::string_view qualifier) const;

  // Those that cover a function: its own, its service's, the one for everything; nullptr where
  // there is none. No allocation; without any switch at all, one look.
  using Covering = std::array<const KillSwitch*, 3>;
  [[nodiscard]] Covering switches_over(std::string_view service, std::string_view name) const;
  [[nodiscard]] SwitchPtr find_switch(const SwitchScope& scope) const;  // nullptr when absent
  [[nodiscard]] bool has_switches() const { return !switches_.empty(); }
  [[nodiscard]] std::vector<SwitchPtr> switches() const;  // by scope

  // nullptr: the tree of that root goes on. No allocation; without any that is stopped, one look.
  [[nodiscard]] const StoppedTree* stopped_tree(const CallId& root) const {
    if (stopped_trees_.empty()) return nullptr;
    const auto at = stopped_trees_.find(root);
    return at == stopped_trees_.end() ? nullptr : at->second.get();
  }
  [[nodiscard]] std::vector<StoppedTreePtr> stopped_trees() const;  // the last one first

  [[nodiscard]] Page<ServicePtr> list_services(const ListQuery& query) const;
  [[nodiscard]] Page<FunctionPtr> list_functions(std::string_view service,
                                                 const ListQuery& query) const;
  [[nodiscard]] Page<LimitPtr> list_limits(const ListQuery& query) const;
  [[nodiscard]] Page<AsyncConfigPtr> list_async_configs(FunctionId id,
                                                        const ListQuery& query) const;
  [[nodiscard]] Page<TriggerPtr> list_triggers(FunctionId id, const ListQuery& query) const;

  // By a name as a request writes it, in any case and without its port. No allocation: on the way
  // of every request, where there are any.
  [[nodiscard]] DomainPtr find_domain(std::string_view host) const;  // nullptr when absent
  [[nodiscard]] std::size_t domains() const { return domains_.size(); }
  [[nodiscard]] Page<DomainPtr> list_domains(const ListQuery& query) const;

  [[nodiscard]] std::size_t services() const { return services_.size(); }
  [[nodiscard]] std::size_t functions() const { return by_id_.size(); }
  [[nodiscard]] std::size_t triggers() const { return triggers_; }
  [[nodiscard]] bool has_functions(std::string_view service) const;
  // Every function, in ascending order of service and name: for work at start and at rest.
  [[nodiscard]] std::vector<FunctionPtr> all_functions() const;
  [[nodiscard]] std::vector<TriggerPtr> all_triggers() const;  // alike

 private:
  // A function's two names. The map's keys view the strings of the function that the entry holds.
  struct FullName {
    std::string_view service;
    std::string_view name;
    friend bool operator==(const FullName&, const FullName&) = default;
  };
  struct HashFullName {
    std::size_t operator()(const FullName& full) const noexcept;
  };
  struct ServiceEntry {
    ServicePtr service;
    std::map<std::string, FunctionPtr, std::less<>> functions;
  };
  struct FunctionEntry {
    FunctionPtr function;
    std::vector<LimitPtr> limits;  // one per qualifier: a handful
    std::map<std::string, AsyncConfigPtr, std::less<>> async_configs;  // by qualifier
    std::map<std::string, TriggerPtr, std::less<>> triggers;           // by name
  };

  void on(const ServicePut& put);
  void on(const ServiceGone& gone);
  void on(const FunctionPut& put);
  void on(const FunctionGone& gone);
  void on(const LimitPut& put);
  void on(const LimitGone& gone);
  void on(const AsyncConfigPut& put);
  void on(const AsyncConfigGone& gone);
  void on(const TriggerPut& put);
  void on(const TriggerGone& gone);
  void on(const SwitchPut& put);
  void on(const SwitchGone& gone);
  void on(const TreeStopped& stopped);
  void on(const TreeForgotten& forgotten);
  void on(const DomainPut& put) { domains_[put.domain->name] = put.domain; }
  void on(const DomainGone& gone) { domains_.erase(gone.name); }

  std::uint64_t version_ = 0;
  std::map<std::string, ServiceEntry, std::less<>> services_;
  std::unordered_map<FullName, FunctionPtr, HashFullName> by_name_;
  std::unordered_map<FunctionId, FunctionEntry> by_id_;
  std::map<std::string, LimitPtr, std::less<>> limits_;
  std::size_t triggers_ = 0;
  std::map<SwitchScope, SwitchPtr, ScopeLess> switches_;
  std::unordered_map<CallId, StoppedTreePtr> stopped_trees_;
  std::map<std::string, DomainPtr, HostLess> domains_;
};

}  // namespace convoke
