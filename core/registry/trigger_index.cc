#include "core/registry/trigger_index.h"

#include <algorithm>
#include <variant>

namespace convoke {

void TriggerIndex::apply(const Change& change) {
  if (const auto* gone = std::get_if<TriggerGone>(&change.what))
    return remove(gone->function_id, gone->name);
  const auto* put = std::get_if<TriggerPut>(&change.what);
  if (put == nullptr) return;
  const TriggerPtr& trigger = put->trigger;
  remove(trigger->function_id, trigger->name);
  const std::optional<std::string> key = key_of_(*trigger);
  if (!key) return;
  keys_[{trigger->function_id, trigger->name}] = *key;
  triggers_[*key].push_back(trigger);
  if (trigger->paused) paused_.insert(trigger->id);
}

void TriggerIndex::remove(FunctionId function, const std::string& name) {
  const auto at = keys_.find({function, name});
  if (at == keys_.end()) return;
  const auto same = triggers_.find(at->second);
  keys_.erase(at);
  std::erase_if(same->second, [&](const TriggerPtr& trigger) {
    const bool is_it = trigger->function_id == function && trigger->name == name;
    if (is_it) paused_.erase(trigger->id);
    return is_it;
  });
  if (same->second.empty()) triggers_.erase(same);
}

bool TriggerIndex::any_of(FunctionId function) const {
  const auto first = keys_.lower_bound({function, std::string()});
  return first != keys_.end() && first->first.first == function;
}

const std::vector<TriggerPtr>& TriggerIndex::of(std::string_view key) const {
  static const std::vector<TriggerPtr> kNone;
  const auto at = triggers_.find(key);
  return at == triggers_.end() ? kNone : at->second;
}

}  // namespace convoke
