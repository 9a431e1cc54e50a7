#include "core/registry/bucket_index.h"

#include <algorithm>
#include <variant>

namespace convoke {

void BucketIndex::apply(const Change& change) {
  if (const auto* gone = std::get_if<TriggerGone>(&change.what))
    return remove(gone->function_id, gone->name);
  const auto* put = std::get_if<TriggerPut>(&change.what);
  if (put == nullptr) return;
  const TriggerPtr& trigger = put->trigger;
  remove(trigger->function_id, trigger->name);
  const auto* object = trigger->as<ObjectTrigger>();
  if (object == nullptr) return;
  buckets_[{trigger->function_id, trigger->name}] = object->bucket;
  triggers_[object->bucket].push_back(trigger);
}

void BucketIndex::remove(FunctionId function, const std::string& name) {
  const auto at = buckets_.find({function, name});
  if (at == buckets_.end()) return;
  const auto bucket = triggers_.find(at->second);
  buckets_.erase(at);
  std::erase_if(bucket->second, [&](const TriggerPtr& trigger) {
    return trigger->function_id == function && trigger->name == name;
  });
  if (bucket->second.empty()) triggers_.erase(bucket);
}

const std::vector<TriggerPtr>& BucketIndex::of(std::string_view bucket) const {
  static const std::vector<TriggerPtr> kNone;
  const auto at = triggers_.find(bucket);
  return at == triggers_.end() ? kNone : at->second;
}

}  // namespace convoke
