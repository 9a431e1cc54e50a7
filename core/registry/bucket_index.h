// The object triggers by their bucket.
#pragma once

#include "core/registry/trigger_index.h"

namespace convoke {

class BucketIndex : public TriggerIndex {
 public:
  BucketIndex() : TriggerIndex(bucket_of) {}

 private:
  static std::optional<std::string> bucket_of(const Trigger& trigger) {
    const auto* object = trigger.as<ObjectTrigger>();
    if (object == nullptr) return std::nullopt;
    return object->bucket;
  }
};

}  // namespace convoke
