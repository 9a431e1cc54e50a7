// Posts that wait for a transfer, and who may begin: in order of arrival, but no host may take all
// transfers, nor all room. A host that does not answer so holds up its own deliveries alone.
//
// Whoever owns a line guards it.
#pragma once

#include <cstddef>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "core/model/error.h"

namespace convoke {

struct PostLimits {
  std::size_t transfers_max = 64;  // at once
  std::size_t transfers_per_host_max = 16;
  std::size_t held_max = 1024;  // under way and waiting
  std::size_t held_per_host_max = 256;
  std::size_t held_bytes_max = 64UL << 20;  // of bodies
};

template <class Item>
class PostLine {
 public:
  // What finished() is told again.
  struct Place {
    std::string host;
    std::size_t bytes = 0;
  };
  struct Entry {
    Place place;
    Item item;
  };

  explicit PostLine(const PostLimits& limits) : limits_(limits) {}

  // False: full. Nothing was taken.
  [[nodiscard]] bool offer(Entry& entry) {
    const std::size_t host_held = held_of(entry.place.host);
    if (held_ >= limits_.held_max || host_held >= limits_.held_per_host_max) return false;
    if (entry.place.bytes > limits_.held_bytes_max - bytes_) return false;
    ++held_;
    ++hosts_[entry.place.host].held;
    bytes_ += entry.place.bytes;
    waiting_.push_back(std::move(entry));
    return true;
  }

  // The first that may begin; from now on it is under way, until finished().
  [[nodiscard]] std::optional<Entry> next() {
    if (under_way_ >= limits_.transfers_max) return std::nullopt;
    for (auto it = waiting_.begin(); it != waiting_.end(); ++it) {
      Host& host = hosts_[it->place.host];
      if (host.under_way >= limits_.transfers_per_host_max) continue;
      ++under_way_;
      ++host.under_way;
      std::optional<Entry> entry(std::move(*it));
      waiting_.erase(it);
      return entry;
    }
    return std::nullopt;
  }

  // One that next() has handed out has ended.
  void finished(const Place& place) {
    --under_way_;
    --hosts_.at(place.host).under_way;
    forget(place);
  }

  // Those that wait and that nobody waits for any more.
  template <class Abandoned>
  void drop(Abandoned&& abandoned) {
    for (auto it = waiting_.begin(); it != waiting_.end();) {
      if (!abandoned(it->item)) {
        ++it;
        continue;
      }
      forget(it->place);
      it = waiting_.erase(it);
    }
  }

  [[nodiscard]] std::size_t held() const { return held_; }

 private:
  struct Host {
    std::size_t held = 0;
    std::size_t under_way = 0;
  };

  [[nodiscard]] std::size_t held_of(const std::string& host) const {
    const auto found = hosts_.find(host);
    return found == hosts_.end() ? 0 : found->second.held;
  }
  void forget(const Place& place) {
    --held_;
    bytes_ -= place.bytes;
    const auto host = hosts_.find(place.host);
    ENSURE(host != hosts_.end());
    if (--host->second.held == 0) hosts_.erase(host);
  }

  PostLimits limits_;
  std::list<Entry> waiting_;
  std::unordered_map<std::string, Host> hosts_;
  std::size_t held_ = 0;
  std::size_t bytes_ = 0;
  std::size_t under_way_ = 0;
};

}  // namespace convoke
