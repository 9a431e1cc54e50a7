#include "core/registry/shared/scripts.h"

#include <fmt/format.h>

#include <limits>
#include <utility>
#include <variant>
#include <vector>

#include "core/registry/shared/change_row.h"
#include "core/registry/shared/row_json.h"

namespace convoke {

// NOLINTBEGIN(readability-identifier-naming): named for their files
extern const std::string_view registry_commit_lua;
extern const std::string_view registry_beat_lua;
extern const std::string_view registry_code_piece_lua;
// NOLINTEND(readability-identifier-naming)

namespace shared_registry {
namespace {

// As the script counts its KEYS, from 1.
constexpr std::uint32_t kServices = 3;
constexpr std::uint32_t kFunctions = 4;
constexpr std::uint32_t kLimits = 5;
constexpr std::uint32_t kAsyncConfigs = 6;
constexpr std::uint32_t kTriggers = 7;
constexpr std::uint32_t kSwitches = 8;
constexpr std::uint32_t kStoppedTrees = 9;
constexpr std::uint32_t kDomains = 10;
constexpr std::uint32_t kBeforeCode = kDomains;
constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();

std::string field_of(FunctionId id, std::string_view name) {
  return fmt::format("{} {}", id.value, name);
}

// The steps of one change, and the keys of code that they need.
class Steps {
 public:
  Steps(const Keys& keys, const Directory& known) : keys_(keys), known_(known) {}

  void take(const ServicePut& put) { step("put", kServices, put.service->name); }
  void take(const ServiceGone& gone) {
    step("del", kServices, gone.name);
    step("del", kSwitches, SwitchScope{gone.name, {}}.text());
  }
  void take(const FunctionPut& put) {
    step("put", kFunctions, std::to_string(put.function->id.value));
    const FunctionPtr before = known_.find_function(put.function->id);
    const std::string_view had = before ? code_name(before->code) : std::string_view();
    const std::string_view has = code_name(put.function->code);
    if (had == has) return;
    if (!has.empty()) code("keep", has);
    if (!had.empty()) code("drop", had);
  }
  void take(const FunctionGone& gone) {
    step("del", kFunctions, std::to_string(gone.id.value));
    step("del", kSwitches, SwitchScope{gone.service, gone.name}.text());
    const FunctionPtr before = known_.find_function(gone.id);
    if (before && !code_name(before->code).empty()) code("drop", code_name(before->code));
    ListQuery all;
    all.limit = kAll;
    for (const AsyncConfigPtr& config : known_.list_async_configs(gone.id, all).items) {
      step("del", kAsyncConfigs, field_of(gone.id, config->qualifier));
    }
    all.prefix = "services/" + gone.service;
    for (const LimitPtr& limit : known_.list_limits(all).items) {
      if (limit->function_id == gone.id) step("del", kLimits, limit->resource);
    }
  }
  void take(const TriggerPut& put) {
    step("put", kTriggers, field_of(put.trigger->function_id, put.trigger->name));
  }
  void take(const TriggerGone& gone) {
    step("del", kTriggers, field_of(gone.function_id, gone.name));
  }
  void take(const LimitPut& put) { step("put", kLimits, put.limit->resource); }
  void take(const LimitGone& gone) { step("del", kLimits, gone.resource); }
  void take(const AsyncConfigPut& put) {
    step("put", kAsyncConfigs, field_of(put.config->function_id, put.config->qualifier));
  }
  void take(const AsyncConfigGone& gone) {
    step("del", kAsyncConfigs, field_of(gone.function_id, gone.qualifier));
  }

  void take(const SwitchPut& put) { step("put", kSwitches, put.kill_switch->scope.text()); }
  void take(const SwitchGone& gone) { step("del", kSwitches, gone.scope.text()); }

  void take(const TreeStopped& stopped) {
    for (const StoppedTreePtr& tree : known_.stopped_trees()) {
      if (is_over(*tree, stopped.tree->since)) step("del", kStoppedTrees, tree->root.text());
    }
    step("put", kStoppedTrees, stopped.tree->root.text());
  }
  void take(const TreeForgotten& forgotten) { step("del", kStoppedTrees, forgotten.root.text()); }
  void take(const DomainPut& put) { step("put", kDomains, put.domain->name); }
  void take(const DomainGone& gone) { step("del", kDomains, gone.name); }

  [[nodiscard]] const std::vector<std::string>& code_keys() const { return code_keys_; }
  [[nodiscard]] const std::vector<std::string>& words() const { return words_; }

 private:
  void step(std::string what, std::uint32_t key, std::string field) {
    words_.push_back(std::move(what));
    words_.push_back(std::to_string(key));
    words_.push_back(std::move(field));
  }
  void code(std::string what, std::string_view name) {
    code_keys_.push_back(keys_.code(name));
    words_.push_back(std::move(what));
    words_.push_back(std::to_string(kBeforeCode + code_keys_.size()));
  }

  const Keys& keys_;
  const Directory& known_;
  std::vector<std::string> code_keys_;
  std::vector<std::string> words_;
};

}  // namespace

const redis::Script& commit_script() {
  static const redis::Script script(registry_commit_lua);
  return script;
}

const redis::Script& beat_script() {
  static const redis::Script script(registry_beat_lua);
  return script;
}

const redis::Script& code_piece_script() {
  static const redis::Script script(registry_code_piece_lua);
  return script;
}

redis::Command commit_call(const Keys& keys, const Directory& known, std::uint64_t known_version,
                           const Change& change, std::string_view by) {
  Steps steps(keys, known);
  std::visit([&](const auto& what) { steps.take(what); }, change.what);
  redis::Command call =
      commit_script().call(static_cast<std::uint32_t>(kBeforeCode + steps.code_keys().size() + 1));
  call.arg(keys.version).arg(keys.changes).arg(keys.services).arg(keys.functions);
  call.arg(keys.limits).arg(keys.async_configs).arg(keys.triggers).arg(keys.switches);
  call.arg(keys.stopped_trees).arg(keys.domains);
  for (const std::string& key : steps.code_keys()) call.arg(key);
  call.arg(keys.absent);
  const ChangeRow row = row_of(change);
  call.arg(known_version).arg(keys.committed).arg(kChangesKept).arg(by).arg(row.kind).arg(row.row);
  for (const std::string& word : steps.words()) call.arg(word);
  return call;
}

redis::Command beat_call(const Keys& keys, const Beat& beat) {
  redis::Command call = beat_script().call(4);
  call.arg(keys.version).arg(keys.engines).arg(keys.applied).arg(keys.absent);
  call.arg(beat.engine).arg(beat.applied).arg(beat.silence_max.count()).arg(keys.confirmed);
  return call;
}

redis::Command code_piece_call(const Keys& keys, std::string_view code, std::string_view piece,
                               Seconds kept) {
  redis::Command call = code_piece_script().call(2);
  call.arg(code).arg(keys.absent).arg(piece).arg(kept.count());
  return call;
}

}  // namespace shared_registry
}  // namespace convoke
