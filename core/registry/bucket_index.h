// The object triggers by their bucket, kept as changes come. Pure; owner thread only.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/registry/change.h"
#include "core/registry/trigger.h"

namespace convoke {

class BucketIndex {
 public:
  // Of all changes, in their order; those of other kinds are passed over.
  void apply(const Change& change);
  // Valid until the next change.
  [[nodiscard]] const std::vector<TriggerPtr>& of(std::string_view bucket) const;

 private:
  void remove(FunctionId function, const std::string& name);

  std::map<std::pair<FunctionId, std::string>, std::string> buckets_;  // of each trigger
  std::map<std::string, std::vector<TriggerPtr>, std::less<>> triggers_;
};

}  // namespace convoke
