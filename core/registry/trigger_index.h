// The triggers of one kind by what sets them off, kept as changes come. Pure; owner thread only.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/registry/change.h"
#include "core/registry/trigger.h"

namespace convoke {

class TriggerIndex {
 public:
  // Of all changes, in their order; those of other kinds are passed over.
  void apply(const Change& change);
  // Valid until the next change.
  [[nodiscard]] const std::vector<TriggerPtr>& of(std::string_view key) const;
  [[nodiscard]] bool any_of(FunctionId function) const;
  [[nodiscard]] const std::set<std::uint64_t>& paused() const { return paused_; }  // their ids

 protected:
  using KeyOf = std::optional<std::string> (*)(const Trigger&);  // nullopt: of another kind
  explicit TriggerIndex(KeyOf key_of) : key_of_(key_of) {}

 private:
  void remove(FunctionId function, const std::string& name);

  const KeyOf key_of_;
  std::map<std::pair<FunctionId, std::string>, std::string> keys_;  // of each trigger
  std::map<std::string, std::vector<TriggerPtr>, std::less<>> triggers_;
  std::set<std::uint64_t> paused_;
};

}  // namespace convoke
