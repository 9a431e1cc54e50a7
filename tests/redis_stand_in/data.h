// What lies in one database of Redis: keys, each of one kind. A value: a copy is a snapshot.
//
// No clock and no commands: those are in commands.h.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <variant>

#include "tests/redis_stand_in/stream.h"

namespace convoke::stand_in {

using String = std::string;
using Hash = std::map<std::string, std::string>;
using Set = std::set<std::string>;

class SortedSet {
 public:
  bool set(const std::string& member, double score);  // is it new?
  bool erase(const std::string& member);
  [[nodiscard]] bool empty() const { return scores_.empty(); }
  [[nodiscard]] std::size_t size() const { return scores_.size(); }

  [[nodiscard]] const std::map<std::string, double>& scores() const { return scores_; }
  // By score and, where that is equal, by member.
  [[nodiscard]] const std::set<std::pair<double, std::string>>& order() const { return order_; }

 private:
  std::map<std::string, double> scores_;
  std::set<std::pair<double, std::string>> order_;
};

// The key holds something of another kind.
struct WrongKind {};

class Data {
 public:
  // nullptr: nothing lies there. Throws WrongKind.
  template <class Kind>
  [[nodiscard]] Kind* find(const std::string& key) {
    const auto found = keys_.find(key);
    if (found == keys_.end()) return nullptr;
    if (auto* const datum = std::get_if<Kind>(&found->second)) return datum;
    throw WrongKind{};
  }
  // Made if nothing lies there. Throws WrongKind.
  template <class Kind>
  [[nodiscard]] Kind& make(const std::string& key) {
    if (Kind* const datum = find<Kind>(key)) return *datum;
    return std::get<Kind>(keys_.emplace(key, Kind{}).first->second);
  }
  void set(const std::string& key, String value) {
    keys_[key] = std::move(value);
    ends_.erase(key);
  }
  bool erase(const std::string& key) {
    ends_.erase(key);
    return keys_.erase(key) > 0;
  }
  // When a key goes by itself, in ms.
  [[nodiscard]] std::map<std::string, std::int64_t>& ends() { return ends_; }
  void let_go_what_ended(std::int64_t now_ms);
  [[nodiscard]] const auto& keys() const { return keys_; }

 private:
  std::map<std::string, std::variant<String, Hash, Set, SortedSet, Stream>> keys_;
  std::map<std::string, std::int64_t> ends_;
};

}  // namespace convoke::stand_in
